import type { TriedTable } from './sync-words.ts'

/** What was found out about a capability on purpose, and must not be forgotten by a restart: the newest of each kind. */
export interface EvidenceContents {
  /** Of the comparison of all rows. */
  readonly verify: {
    /** When it began, epoch ms. */
    readonly startedAt: number
    /** Of the sync that it looked at: what another one has carried is not known by it. */
    readonly epoch: number
    readonly compared: number
    readonly missing: number
    readonly extra: number
    readonly different: number
    readonly inFlight: number
  }
  /** Of the cut-over to the service. */
  readonly rehearsal: {
    /** Of the sync that it was made on: it begins anew with every change of the owner. Absent: made by an older kit, nobody knows on which. */
    readonly epoch?: number
    readonly predictedPauseMs: number
    /** Why it would have been refused. */
    readonly problem?: string
    readonly identitiesFit: boolean
    /** What became of a row of each table on its way back, where that was tried. */
    readonly wayBack?: readonly TriedTable[]
  }
  /** Of a cut-over at its fence: what the process that runs the sync knows, for the one that drives the cut-over. */
  readonly carried: {
    readonly cutoverId: string
    /** Of rows that were changed lately, by the source's tables. */
    readonly keys: Readonly<Record<string, readonly string[]>>
    /** What is wrong with the capture. */
    readonly problems: readonly string[]
  }
  /** How far the copy was behind, the highest of every five seconds: `[epoch ms, lag ms, watched ms]`, the oldest first. */
  readonly lag: {
    readonly epoch: number
    readonly samples: readonly (readonly [number, number, number])[]
  }
  /** Who else reads the tables of the monolith that the service owns, since the kit itself asks the monolith nothing any more. */
  readonly reads: {
    readonly epoch: number
    /** Of the newest look, epoch ms. */
    readonly at: number
    /** Why it cannot be told, and what mends that. */
    readonly blind?: { readonly because: string; readonly mend: string }
    /** By table: reads by anybody, and by the kit; what is counted from. */
    readonly counters: Readonly<Record<string, readonly [number, number]>>
    /** Since when the server counts, in its own words. */
    readonly since?: string
    /** Of the newest look. */
    readonly newest: Readonly<Record<string, readonly [number, number]>>
    readonly lost: number
    /** Until then the counters may still tell of what is not to be counted. */
    readonly settledAt: number
    /** What the newest look has found, and the next one must find too. */
    readonly suspected: Readonly<Record<string, number>>
    /** How long it was watched, since the newest read of others if there was one. */
    readonly quietMs: number
    readonly found?: ForeignReads
  }
}

/** What others have read of the old tables. Times are epoch ms. */
export interface ForeignReads {
  readonly count: number
  readonly firstAt: number
  readonly lastAt: number
  readonly tables: readonly string[]
  /** Programs that have read them lately, as far as the server tells. */
  readonly by: readonly string[]
}

export type EvidenceKind = keyof EvidenceContents

/** With the moment on the control database's clock, and the builds that were seen at the two sides last; absent: nothing was compared yet. */
export interface KeptFinding<Content> {
  /** Epoch ms. */
  readonly at: number
  readonly builds?: { readonly monolith: string; readonly service: string }
  readonly content: Content
}

export type KeptFindings = { readonly [Kind in EvidenceKind]?: KeptFinding<EvidenceContents[Kind]> }

/** Both throw STRANGLER_CONTROL_DATABASE_UNREACHABLE when the control database is away. */
export interface EvidenceStore {
  /** Takes the place of what was kept of this kind. */
  keep<Kind extends EvidenceKind>(
    capability: string,
    kind: Kind,
    content: EvidenceContents[Kind],
  ): Promise<void>
  read(capability: string): Promise<KeptFindings>
}
