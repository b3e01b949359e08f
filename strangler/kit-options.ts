import type { Stoppable } from './core/ports.ts'
import type { RequestHandler } from './proxy/handle-request.ts'

/** Which part of the kit a process runs. */
export type Role = 'all' | 'proxy' | 'sync' | 'admin'

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
  /** Serves inside an Express app instead of on a port of its own. */
  readonly embedded?: boolean
  /** A file for the log instead of standard output. */
  readonly logFile?: string
}

/** A running kit. */
export interface Kit extends Stoppable {
  readonly proxyUrl: string | undefined
  /** Serves one request; undefined in a process without a proxy of its own. */
  readonly handle: RequestHandler | undefined
  readonly adminUrl: string | undefined
  /** What runs where, one sentence a line, for people. */
  readonly description: readonly string[]
}
