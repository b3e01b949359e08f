import { timingSafeEqual } from 'node:crypto'
import { createKeyedHash } from '../core/keyed-hash.ts'
import type { Clock } from '../core/ports.ts'

/**
 * The signed mark of a write in flight. A side that calls the proxy again while it serves that write passes the header on; a call of
 * the same capability that carries it is not held, because the hold waits for the parent and the parent for the call.
 */
export interface ParentWrites {
  /** `expiresAt.capability.signature`; valid for `VALID_MS`. */
  sign(capability: string): string
  isValid(mark: string | undefined, capability: string): boolean
}

export const PARENT_WRITE_HEADER = 'x-strangler-parent-write'

// Longer than any write waits for its own calls; a hold lasts 5 s.
const VALID_MS = 30_000

/** @param secret shared by all proxies of one control database: the call may come in at another one */
export function createParentWrites(secret: Buffer, clock: Clock): ParentWrites {
  const signatureOf = createKeyedHash(secret)
  return {
    sign(capability) {
      const text = `${clock() + VALID_MS}.${capability}`
      return `${text}.${signatureOf(text).toString('base64url')}`
    },
    isValid(mark, capability) {
      const [, expiresAt, named, signature] =
        /^(\d{1,16})\.([a-z0-9-]{1,128})\.([\w-]{43})$/.exec(mark ?? '') ?? []
      if (expiresAt === undefined || signature === undefined || named !== capability) return false
      if (Number(expiresAt) < clock()) return false
      return timingSafeEqual(Buffer.from(signature, 'base64url'), signatureOf(`${expiresAt}.${named}`))
    },
  }
}
