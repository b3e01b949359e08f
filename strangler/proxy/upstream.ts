import type { SideConfig } from '../config/schema.ts'
import type { Upstream } from './forward.ts'

/** A side as the engines need it. */
export function createUpstream(name: string, side: SideConfig): Upstream {
  const url = new URL(side.url)
  return Object.freeze({ name, url, origin: url.origin, host: side.host })
}
