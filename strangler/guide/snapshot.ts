import type { EvidenceBasis } from '../core/compare-words.ts'
import type { ForeignReads } from '../core/evidence-store.ts'
import type { Migration } from '../core/guide-words.ts'
import type { TriedTable } from '../core/sync-words.ts'
import type { SoakClock } from '../core/traffic-words.ts'
import type { Side } from '../core/words.ts'
import type { GateProfile } from './gate-profile.ts'

/** All that the gates of one capability are decided by, gathered at one moment. What could not be measured is absent. */
export interface GuideSnapshot {
  readonly capability: string
  readonly hasTables: boolean
  /** Epoch milliseconds. */
  readonly now: number
  readonly profile: GateProfile
  /** Absent before the capability was chosen. */
  readonly migration?: Migration
  readonly owner: Side
  /** The name of the service's side, where its address is the monolith's own, as `init` writes it. */
  readonly monolithAsService?: string
  /** Endpoints whose writes go to the service although the monolith owns: by hand, or by the configuration. */
  readonly strayRoutes?: readonly string[]
  /** On what would be measured now. */
  readonly basis?: EvidenceBasis
  /** Endpoints whose mode an operator has set by hand. */
  readonly overrides: readonly string[]
  readonly endpoints: readonly EndpointTraffic[]
  readonly traffic?: TrafficEvidence
  readonly contract?: ContractEvidence
  readonly data?: DataEvidence
  readonly comparison?: ComparisonEvidence
  readonly canary?: CanaryEvidence
  /** Of the present step; absent: the service has answered nothing yet. */
  readonly soak?: SoakEvidence
  readonly cutover?: CutoverEvidence
  readonly retirement?: RetirementEvidence
}

/** The builds that were seen at the two sides last when something was found out. */
export interface SeenBuilds {
  readonly monolith: string
  readonly service: string
}

export interface EndpointTraffic {
  readonly endpoint: string
  /** Since it is watched. */
  readonly requests: number
  /** An operator has said that it is used seldom, or waived it. */
  readonly rare: boolean
  /** Absent: it reads. */
  readonly isWrite?: boolean
}

export interface TrafficEvidence {
  readonly requests: number
  readonly watchedMs: number
  /** The proxy's own time, of the newest requests. */
  readonly proxyP99Ms: number | undefined
}

export interface ContractEvidence {
  /** Epoch milliseconds; absent: nobody has recorded one. */
  readonly recordedAt?: number
  readonly endpoints: number
  /** The newest check of the service against it. */
  readonly verified?: {
    readonly at: number
    readonly pass: boolean
    readonly failures: number
    /** The service's, as its answers said; `unknown` when they did not. */
    readonly build: string
  }
}

export interface DataEvidence {
  readonly sync: 'none' | 'running' | 'paused'
  readonly direction: 'forward' | 'reverse'
  /** What stands in the way, by the pre-flight; absent: it could not be made. */
  readonly findings?: { readonly blocking: number; readonly first: string | undefined }
  /** Why the kit cannot look into the service's database, and what mends that. */
  readonly unseen?: { readonly reason: string; readonly mend: string }
  /** The mapping gave real rows back as they were. */
  readonly mappingProven?: boolean
  readonly backfillDone: boolean
  readonly quarantined: number
  /** Absent: no word of the sync. */
  readonly lagP99Ms?: number
  /** How long the lag has been watched; gaps do not count, and one of five minutes begins anew. */
  readonly lagWatchedMs: number
  /** The oldest entry of the log over the newest minute, at most. */
  readonly logAgeMs?: number
  readonly verify?: {
    readonly at: number
    readonly compared: number
    readonly diverged: number
    readonly inFlight: number
    readonly builds?: SeenBuilds
  }
  readonly strayWrites: number
  /** Rows that the old owner's schema cannot hold. */
  readonly notReturnable: number
  /** Why not every change is captured, or why it does not run although it should. */
  readonly broken?: string
}

export interface ComparisonEvidence {
  readonly eligible: number
  /** Beside these: left out by lot. The compared ones stand for them. */
  readonly gaveWay: number
  readonly compared: number
  /** Exchanges with a real difference that nobody has accepted, and the 95 % upper bound of their share. */
  readonly netMismatches: number
  /** Of the same share, with these too: exchanges of whose difference it is not known yet what it is. */
  readonly netUpperBound: number
  readonly unknownMismatches?: number
  /** More exchanges without a mismatch that would bring the bound below the limit; undefined when it is below, or cannot come there. */
  readonly stillNeeded: number | undefined
  readonly openDifferences: number
  readonly expiredAcceptances: number
  readonly perEndpoint: readonly { readonly endpoint: string; readonly compared: number }[]
  /** Of requests, over all endpoints: `covered` were compared `atLeast` times. Some of those that never were, by name. */
  readonly shapes?: {
    readonly seen: number
    readonly covered: number
    readonly atLeast: number
    readonly never: readonly string[]
  }
  readonly monolithP95Ms: number | undefined
  /** The monolith, asked once more in the way the service is asked as a shadow: a few of the same requests. */
  readonly monolithAgain?: { readonly p95Ms: number; readonly answers: number }
  readonly serviceP95Ms: number | undefined
  /** Answers of the service that took longer than the highest that its p95 may be, with what the monolith's own p95 is at most. */
  readonly slowAnswers?: { readonly count: number; readonly of: number; readonly limitMs: number }
}

/** Both sides since the present percentage was entered. */
export interface CanaryEvidence {
  readonly sinceMs: number
  readonly monolith: SideOutcomes
  readonly service: SideOutcomes
  /** Failures of the service in a row, just now. */
  readonly failuresInRow: number
  /** Of the last 300 requests to the service. */
  readonly failuresOfLast300: number
}

export interface SoakEvidence extends Pick<SoakClock, 'soakedMs' | 'missed'> {
  /** Endpoints whose newest answer was not the service's: the clock stands. */
  readonly missing: readonly string[]
}

export interface SideOutcomes {
  readonly requests: number
  readonly failures: number
}

export interface CutoverEvidence {
  readonly dryRun?: {
    readonly at: number
    readonly predictedPauseMs: number
    readonly problem?: string
    readonly builds?: SeenBuilds
  }
  /** When the newest rehearsal was made, where it speaks of another owner, or of a copy that is no more. */
  readonly rehearsedBefore?: number
  /** What became of a row of each table that was tried on its way back, and on which builds. */
  readonly wayBack?: {
    readonly at: number
    readonly tables: readonly TriedTable[]
    readonly builds?: SeenBuilds
  }
  readonly identitiesFit?: boolean
  /** Programs that write the tables beside the proxy and that nobody has moved or waived. */
  readonly writersOutside?: readonly string[]
  /** Transactions and foreign keys that the split would cut. */
  readonly couplings?: readonly string[]
}

export interface RetirementEvidence {
  /** What the monolith has still answered of the capability since the ownership changed, and whom lately. */
  readonly monolith: {
    readonly requests: number
    /** Epoch ms. */
    readonly lastAt?: number
    readonly callers: SoakClock['callers']
  }
  /** From when on the kit asks the monolith nothing of it, epoch ms; absent: no end is in sight. */
  readonly silentFrom?: number
  /** Who else reads the monolith's tables since then; absent: nobody has looked yet. */
  readonly reads?: ReadsEvidence
}

export interface ReadsEvidence {
  /** Of the newest look, epoch ms. */
  readonly at: number
  /** Why the database cannot tell, and what mends that. */
  readonly blind?: { readonly because: string; readonly mend: string }
  /** How long it was watched, since the newest read if there was one. */
  readonly quietMs: number
  readonly found?: ForeignReads
}
