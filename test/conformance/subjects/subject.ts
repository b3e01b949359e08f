import type { Deadlines } from '../../../strangler/config/schema.ts'

/** Where an upstream listens. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** What a check may ask of the proxy that it starts. */
export interface SubjectOptions {
  readonly trustedProxies?: readonly string[]
  readonly deadlines?: Partial<Deadlines>
  /** A second upstream: the service that `swap` moves the traffic to. */
  readonly service?: Address
  readonly debugHeaders?: boolean
  readonly drainMs?: number
  readonly upgradeDrainMs?: number
  /** Let no capability name the paths: they are the monolith's, unread. */
  readonly withoutCapability?: boolean
  /** Run the proxy as a process of its own, to measure its memory or to send it signals. */
  readonly ownProcess?: boolean
}

/** How an exchange ended, as the proxy itself counts it. */
export interface CountedOutcome {
  /** Whether the side is charged with a failure. */
  readonly failed: boolean
  /** The error code of the catalogue, when there is one. */
  readonly code?: string | undefined
}

/** A proxy under test, listening. */
export interface RunningSubject extends Address {
  readonly pid: number | undefined
  /** Outcomes in the order in which exchanges ended; absent where the subject tells nothing. */
  readonly outcomes?: readonly CountedOutcome[]
  /** How many TCP sockets the proxy's process has open; where it can be told. */
  countSockets?(): Promise<number>
  /** Builds the next table, sends all traffic to the given side and switches: one assignment. */
  swap?(target: 'monolith' | 'service'): void | Promise<void>
  /** Stops as the kit does it: drains, then closes. */
  drain?(): Promise<void>
  /** Sends SIGTERM to the proxy's own process; gives its exit code. */
  terminate?(): Promise<number | null>
  stop(): Promise<void>
}

/** Something that can stand between a raw client and a raw upstream. */
export interface Subject {
  readonly name: string
  start(upstream: Address, options: SubjectOptions): Promise<RunningSubject>
}
