import type { Stoppable } from './core/ports.ts'

/** Which part of the kit a process runs. */
export type Role = 'all' | 'proxy' | 'admin'

export interface KitOptions {
  readonly role?: Role
  /** Processes for the proxy; 0 (default) serves in this one. */
  readonly workers?: number
  /** Instead of `proxy.port` and `admin.port`; 0 takes a free one. */
  readonly proxyPort?: number
  readonly adminPort?: number
  /** Tells several proxies of one directory apart. Default `main`. */
  readonly name?: string
  /** Starts although a side does not answer. A restart does so anyway. */
  readonly allowUnreachable?: boolean
}

/** A running kit. */
export interface Kit extends Stoppable {
  readonly proxyUrl: string | undefined
  readonly adminUrl: string | undefined
  /** What runs where, one sentence a line, for people. */
  readonly description: readonly string[]
}
