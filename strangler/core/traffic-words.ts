import type { Reason, Side } from './words.ts'

/** What the proxies have seen, as the control database keeps it for the guide. Everything is a count. */

/** Requests of one endpoint that one side has answered, or was to, while the capability stood at one step. */
export interface TrafficCount {
  readonly capability: string
  readonly endpoint: string
  /** The line of the journal that entered the step; 0 before the first. */
  readonly entered: number
  /** A request that the service has failed counts as the service's, also where the monolith then answered. */
  readonly target: Side
  readonly requests: number
  readonly failures: number
}

/** What one proxy has seen lately. */
export interface TrafficLook {
  readonly capability: string
  readonly entered: number
  /** Failures of the service in a row, the newest request last. */
  readonly failuresInRow: number
  /** Among its last 300 requests. */
  readonly failuresOfLast300: number
  /** The proxy's own time, of the newest five hundred requests. */
  readonly proxyP99Ms: number | undefined
}

export interface TrafficBatch {
  /** Who reports: host and name. */
  readonly proxy: string
  readonly counts: readonly TrafficCount[]
  readonly looks: readonly TrafficLook[]
  /** Of capabilities of which a share of the reads, or everything, is to be answered by the service. */
  readonly answers: readonly AnswersSeen[]
}

/** Who has answered the requests of one capability that the service was to answer, since the proxy's last word of it. */
export interface AnswersSeen {
  readonly capability: string
  readonly entered: number
  /** For so long somebody has looked: since that word, since the step was entered, or since the process began. */
  readonly watchedMs: number
  /** Endpoints of which the service has answered every one of these requests, as owner with hardly an error. */
  readonly served: readonly string[]
  readonly missed: readonly MissedAnswers[]
  /** Whom the monolith has answered although the service owns. */
  readonly callers: readonly MonolithCaller[]
}

/** `UNANSWERED`: the service was asked, and gave no answer. `FAILED`: it owns, and too many of its answers were errors. */
export type MissedBecause = Reason | 'UNANSWERED' | 'FAILED'

/** So many of the owner's answers at an endpoint may be errors, by each word of a proxy: as the gate `error-rate` lets a service fail more than the monolith. */
export const MOST_FAILED = 0.005

export interface MissedAnswers {
  readonly endpoint: string
  readonly because: MissedBecause
  readonly requests: number
}

export interface MonolithCaller {
  readonly endpoint: string
  readonly because: Reason
  readonly address: string
  readonly requests: number
}

/** How long the service has answered what it was to answer at one step, by the words of all proxies. Times are epoch milliseconds. */
export interface SoakClock {
  /** Only while every endpoint's newest answer was the service's. */
  readonly soakedMs: number
  /** Of the newest word. */
  readonly heardAt: number
  /** Endpoints whose newest answer was not the service's, and when that was. While there is one the clock stands. */
  readonly missing: Readonly<Record<string, number>>
  /** Since when it stands. */
  readonly standsSince?: number
  /** Of the whole step: how many, and the newest of them. */
  readonly missed?: MissedAnswers & { readonly at: number }
  /** The newest few. */
  readonly callers: readonly (MonolithCaller & { readonly at: number })[]
}

export interface KeptTraffic {
  /** Epoch milliseconds of the first report; undefined when there is none. */
  readonly since: number | undefined
  readonly counts: readonly (TrafficCount & { readonly lastAt: number })[]
  /** Of every proxy that has reported in the last hour. */
  readonly looks: readonly TrafficLook[]
  /** By the line of the journal that entered the step. */
  readonly soaks: ReadonlyMap<number, SoakClock>
}

/** Both throw STRANGLER_CONTROL_DATABASE_UNREACHABLE when the database is away. */
export interface TrafficStore {
  add(batch: TrafficBatch): Promise<void>
  read(capability: string): Promise<KeptTraffic>
}

/** How far behind the copy was over a while, as this process has heard. */
export interface LagWindow {
  /** Of the newest so many milliseconds: what was long ago says nothing of now. */
  p99Ms(windowMs: number): number
  /** Gaps do not count. */
  readonly watchedMs: number
  /** The highest of the newest so many milliseconds. */
  worstMs(windowMs: number): number
}

/** The upper bounds of the classes in which durations are counted; one more class holds what took longer. */
export const DURATION_BOUNDS_MS = [
  1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000,
] as const

/** What one side has answered at one endpoint since the process began. Counts only grow. */
export interface EndpointTraffic {
  /** Undefined: what no endpoint of the configuration names. */
  readonly endpoint: string | undefined
  readonly capability: string | undefined
  readonly target: Side
  readonly requests: number
  readonly failures: number
  /** By `DURATION_BOUNDS_MS`. */
  readonly durations: readonly number[]
}
