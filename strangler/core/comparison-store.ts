import type { Comparison, Difference, DifferenceKind, EvidenceBasis } from './compare-words.ts'

/** What the control database keeps of the comparisons. Everything is a count or one of a few samples. */

/** Whose builds and configuration counters speak of. `id` is a hash of the rest. */
export interface KeptBasis extends EvidenceBasis {
  readonly id: string
  readonly capability: string
}

/** Where a counter stands. `window` is the ISO 8601 beginning of its ten minutes, UTC. */
interface CounterPlace {
  readonly window: string
  readonly basis: string
  readonly endpoint: string
}

/**
 * Counts exchanges. `tally` is a verdict (`match`, `mismatch`, …), `skipped:<reason>`, `calibrated` (agreeing exchanges whose monolith
 * was asked once more), `agreeing-noisy` (of those, the ones that differed then), `overflow` (differences at paths beyond the bound),
 * or `ms:<side>:<bucket>`: how long a side took.
 */
export interface TallyCount extends CounterPlace {
  readonly tally: string
  readonly count: number
}

/** Counts exchanges that differ at one place, each once. */
export interface DifferenceCount extends CounterPlace {
  readonly path: string
  readonly kind: DifferenceKind
  readonly differing: number
  /** Those whose monolith was asked once more, and of those the ones that differed from itself there. */
  readonly calibrated: number
  readonly noisy: number
  /** Those that an accepted difference explains; not in `differing`. */
  readonly accepted: number
  /** Sum of the weights, over `differing`. */
  readonly weight: number
}

/** Counts mismatching exchanges by all the places at which they differ: sorted `kind path`, at most so many sets an endpoint. */
export interface DifferenceSetCount extends CounterPlace {
  readonly places: readonly string[]
  readonly count: number
}

/** What a request looked like, without its values: its parameters' names and the status, e.g. `?page&warehouse → 200`. */
export interface ShapeCount {
  readonly basis: string
  readonly endpoint: string
  readonly shape: string
  readonly seen: number
  readonly compared: number
  readonly matched: number
  readonly lastSeenAt: string
}

/** An answer as it may be kept: masked, and cut. */
export interface KeptAnswer {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string
  readonly tookMs: number
}

/** One compared exchange, masked. */
export interface KeptSample extends Omit<Comparison, 'basis' | 'differences'> {
  readonly basis: string
  readonly differences: readonly Difference[]
  readonly request: {
    readonly method: string
    readonly target: string
    readonly headers: readonly string[]
    readonly body: string | undefined
  }
  readonly answers: { readonly primary: KeptAnswer; readonly shadow: KeptAnswer }
}

/** What is added at once. */
export interface ComparisonBatch {
  readonly bases: readonly KeptBasis[]
  readonly tallies: readonly TallyCount[]
  readonly differences: readonly DifferenceCount[]
  readonly sets: readonly DifferenceSetCount[]
  readonly shapes: readonly ShapeCount[]
  readonly samples: readonly KeptSample[]
}

/** Sums over the windows that were asked for. */
export interface KeptEvidence {
  readonly basis: KeptBasis & { readonly firstSeenAt: string }
  readonly tallies: readonly Omit<TallyCount, 'window' | 'basis'>[]
  readonly differences: readonly Omit<DifferenceCount, 'window' | 'basis'>[]
  readonly sets: readonly Omit<DifferenceSetCount, 'window' | 'basis'>[]
  readonly shapes: readonly Omit<ShapeCount, 'basis'>[]
}

/** A sample as a list shows it. */
export type SampleLine = Pick<
  KeptSample,
  'id' | 'at' | 'basis' | 'capability' | 'endpoint' | 'verdict' | 'differences' | 'correlationId' | 'primary'
>

/** The evidence of the comparisons in the control database. Every method throws STRANGLER_CONTROL_DATABASE_UNREACHABLE when it is away. */
export interface ComparisonStore {
  add(batch: ComparisonBatch): Promise<void>
  /** One basis of a capability, by default the newest, with its sums since a moment; undefined when nothing was ever compared. */
  read(question: { capability: string; since: string; basis?: string }): Promise<KeptEvidence | undefined>
  samples(question: { capability?: string; endpoint?: string; limit: number }): Promise<SampleLine[]>
  sample(id: string): Promise<KeptSample | undefined>
}
