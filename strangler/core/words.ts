import type { AcceptedDifference, DifferenceKind, EvidenceBasis } from './compare-words.ts'
import type { GateProfileName, GateResult, Migration, Stage, StepId } from './guide-words.ts'

/**
 * The words of the kit as types. GLOSSARY.md explains each one; code, CLI, API and docs use exactly these.
 */

/** The existing system (`monolith`) or the extracted one (`service`). */
export type Side = 'monolith' | 'service'

/** Where an endpoint's requests go. */
export type Mode = 'monolith' | 'shadow' | 'canary' | 'service'

/** A mode with its parameter. `percent` is 0–100 with at most two decimals (a bucket is 1/100 of a percent). */
export type ModeSetting =
  | { readonly mode: 'monolith' | 'shadow' | 'service' }
  | { readonly mode: 'canary'; readonly percent: number }

/** GET, HEAD and OPTIONS are reads; everything else, and every upgrade, is a write; `effect` in the config says otherwise. */
export type Effect = 'read' | 'write'

/** One endpoint of a capability. `id` is what people type: `GET /api/inventory/:sku`. */
export interface Endpoint {
  readonly id: string
  readonly method: string
  /** Path template in Express 5 / path-to-regexp 8 syntax. */
  readonly template: string
  readonly capability: string
  readonly effect: Effect
}

/**
 * Why a request went where it went (OpenFeature's vocabulary where it has a word).
 * `STATIC` no capability names it, or its mode decides alone · `TARGETING_MATCH` a rule of the config · `SPLIT` the canary's
 * bucket · `OVERRIDE` an operator's header · `FALLBACK` the service failed and the monolith still owns the data ·
 * `BREAKER_OPEN` · `HELD` waited for a write hold · `READ_YOUR_WRITES` the client wrote a moment ago · `STALE` the copy is too old.
 */
export type Reason =
  | 'STATIC'
  | 'TARGETING_MATCH'
  | 'SPLIT'
  | 'OVERRIDE'
  | 'FALLBACK'
  | 'BREAKER_OPEN'
  | 'HELD'
  | 'READ_YOUR_WRITES'
  | 'STALE'

/** Which of the client's marks the sticky bucket was computed from. */
export type UnitSource = 'header' | 'cookie' | 'claim' | 'kit-cookie' | 'address'

/** The phases of a write hold. Before the fence an expired hold goes to the old owner; after it, 503 until the journal says. */
export type HoldPhase = 'holding' | 'fenced'

/** A write hold as the journal states it. Times are epoch milliseconds. */
export interface Hold {
  readonly id: string
  readonly capability: string
  readonly phase: HoldPhase
  readonly expiresAt: number
}

/** What an operator, or the kit itself, decided. The journal is a list of these; the present state is a fold of it. */
export type JournalEvent =
  | {
      readonly kind: 'route.set'
      readonly endpoint: string
      readonly setting: ModeSetting
      /** Fixes the canary's buckets for the life of a rollout; the first canary of a capability carries it. */
      readonly salt?: { readonly capability: string; readonly value: string }
      /** The operator waived the data rules for this toggle (`--unsafe`). */
      readonly unsafe?: true
    }
  | { readonly kind: 'route.cleared'; readonly endpoint: string }
  | {
      readonly kind: 'hold.started'
      readonly capability: string
      readonly holdId: string
      readonly expiresAt: number
    }
  | { readonly kind: 'hold.fenced'; readonly capability: string; readonly holdId: string }
  | { readonly kind: 'hold.released'; readonly capability: string; readonly holdId: string }
  | { readonly kind: 'hold.aborted'; readonly capability: string; readonly holdId: string }
  | { readonly kind: 'proxy.evicted'; readonly registration: string }
  | {
      /** Also while it runs: then a newer epoch begins. */
      readonly kind: 'sync.started'
      readonly capability: string
      readonly epoch: number
      /** Every row is copied in this epoch, not only what changes from now on. */
      readonly backfill?: true
      /** Absent: from the monolith to the service. */
      readonly direction?: 'reverse'
      /** The kit began it by itself, because a database has lost what it had: which of the two. */
      readonly lost?: 'source' | 'target'
    }
  | { readonly kind: 'sync.paused' | 'sync.resumed' | 'sync.ended'; readonly capability: string }
  | {
      /** Nothing is held yet: each proxy says when the writes that are in flight now have ended. */
      readonly kind: 'cutover.announced'
      readonly capability: string
      readonly announcementId: string
      readonly to: Side
    }
  | {
      /** Begins a hold of the same id with it. */
      readonly kind: 'cutover.started'
      readonly capability: string
      readonly cutoverId: string
      readonly to: Side
      readonly expiresAt: number
    }
  | {
      /** The decision of a cut-over. The sync runs the other way from here on, in a new epoch. */
      readonly kind: 'owner.changed'
      readonly capability: string
      readonly owner: Side
      readonly epoch: number
      readonly cutoverId: string
    }
  | {
      /** A step of the guide was taken, forward or back. */
      readonly kind: 'stage.entered'
      readonly capability: string
      readonly step: StepId
      readonly stage: Stage
      readonly percent?: number
      readonly profile: GateProfileName
      /** What the gates said, also those that were overridden; none on the way back. */
      readonly gates: readonly GateResult[]
      readonly overridden?: readonly string[]
      readonly back?: true
      readonly basis?: EvidenceBasis
      /** Fixes the canary's buckets for the life of a rollout; the first canary of a capability carries it. */
      readonly salt?: string
    }
  | {
      /** From here on the kit takes the steps itself, and goes back when users are hurt. */
      readonly kind: 'autopilot.started'
      readonly capability: string
      readonly until: AutopilotOrder['until']
    }
  | { readonly kind: 'autopilot.stopped'; readonly capability: string }
  | { readonly kind: 'endpoint.rare'; readonly endpoint: string; readonly rare: boolean }
  | {
      /** The other decision of a cut-over. The hold ends once the old owner takes writes again. */
      readonly kind: 'cutover.aborted'
      readonly capability: string
      readonly cutoverId: string
    }
  /** Where no header and no path tells a side's build. */
  | { readonly kind: 'build.deployed'; readonly side: string; readonly build: string }
  | {
      readonly kind: 'difference.accepted'
      readonly endpoint: string
      /** A path glob. */
      readonly path: string
      readonly difference: DifferenceKind | 'any'
      readonly owner: string
      readonly expiresAt: string
    }
  | { readonly kind: 'difference.rejected'; readonly acceptance: string }

/** Which way a sync goes, and in which epoch. Epochs only grow: each is the version of the line that began it. */
export interface SyncCourse {
  readonly epoch: number
  /** Absent: from the monolith to the service. */
  readonly direction?: 'reverse'
}

/** Who has paused a sync, when and why. */
export type SyncPause = Pick<JournalEntry, 'version' | 'at' | 'by' | 'because'>

/** The data sync of one capability as the journal wants it. */
export interface SyncOrder extends SyncCourse {
  readonly state: 'running' | 'paused'
  /** While it is paused; absent in a state that was kept by an older kit. */
  readonly pause?: SyncPause
  readonly backfill?: true
  /** Both sides were the same when it began: a cut-over has seen to it. */
  readonly whole?: true
  /** A database has lost what it had: only a full comparison shows that both are the same again. */
  readonly lost?: 'source' | 'target'
}

/** How far an autopilot goes by itself: `all` passes the cut-over and retire too. */
export interface AutopilotOrder {
  readonly until: 'cutover' | 'all'
}

/** Who takes the writes of a capability, and since which line of the journal. */
export interface Ownership {
  readonly side: Side
  readonly since: number
}

/** A cut-over that is under way. `decided` and `undoing` end when the hold of the same id does. */
export interface Cutover {
  readonly id: string
  readonly capability: string
  readonly to: Side
  readonly phase: 'started' | 'decided' | 'undoing'
  /** Of the sync when it began: in another epoch it decides nothing. */
  readonly epoch: number
  /** The line of the journal that began it. */
  readonly since: number
}

/** One line of the journal. `version` is 1, 2, 3 … without gaps; `at` is ISO 8601 in UTC. */
export interface JournalEntry {
  readonly version: number
  readonly at: string
  readonly by: string
  readonly because?: string
  readonly event: JournalEvent
}

/** An operator's mode for one endpoint, with the line of the journal it came from. */
export interface Override {
  readonly setting: ModeSetting
  readonly unsafe: boolean
  readonly version: number
  readonly at: string
  readonly by: string
  readonly because?: string
}

/** The fold of the journal. Version 0 is the empty journal: every endpoint as the config says. */
export interface RouteState {
  readonly version: number
  readonly overrides: Readonly<Record<string, Override>>
  readonly salts: Readonly<Record<string, string>>
  readonly holds: Readonly<Record<string, Hold>>
  /** By capability; absent in a state that was kept before there was a sync. */
  readonly syncs?: Readonly<Record<string, SyncOrder>>
  /** By capability; the monolith owns what is not named. */
  readonly owners?: Readonly<Record<string, Ownership>>
  /** By capability. */
  readonly cutovers?: Readonly<Record<string, Cutover>>
  /** By capability: the newest announcement of a cut-over that has not begun. */
  readonly announced?: Readonly<Record<string, string>>
  /** The build of a side, as an operator has said. */
  readonly deploys?: Readonly<Record<string, string>>
  /** Expired ones too: that they have expired is worth knowing. */
  readonly accepted?: readonly AcceptedDifference[]
  /** By capability; absent while nobody migrates it. */
  readonly migrations?: Readonly<Record<string, Migration>>
  /** By capability, while it is on. */
  readonly autopilots?: Readonly<Record<string, AutopilotOrder>>
  /** Endpoints that are used seldom, as an operator has said, with the line of the journal. */
  readonly rareEndpoints?: Readonly<Record<string, number>>
}

/**
 * Somebody whom a cut-over waits for: a proxy, with the table it serves by, or a worker, which does the background work of one
 * capability while its side owns it. `holdsAcknowledged` are the holds under which it has no write in flight, and the announcements whose writes have ended.
 */
export interface Registration {
  readonly id: string
  readonly kind: 'proxy' | 'worker'
  /** A worker's; a proxy is for all of them. */
  readonly capability?: string
  /** A worker that hears nothing of the kit for so long stops by itself. */
  readonly leaseMs?: number
  readonly host: string
  readonly pid: number
  readonly startedAt: string
  readonly seenAt: string
  readonly tableVersion: number
  readonly holdsAcknowledged: readonly string[]
}
