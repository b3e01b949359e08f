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
    readonly predictedPauseMs: number
    /** Why it would have been refused. */
    readonly problem?: string
    readonly identitiesFit: boolean
    /** What became of a row of each table on its way back, where that was tried. */
    readonly wayBack?: readonly TriedTable[]
  }
  /** How far the copy was behind, the highest of every five seconds: `[epoch ms, lag ms, watched ms]`, the oldest first. */
  readonly lag: {
    readonly epoch: number
    readonly samples: readonly (readonly [number, number, number])[]
  }
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
