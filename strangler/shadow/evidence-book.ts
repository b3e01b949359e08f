import { type AGAIN, latencyBucket } from '../compare/latency-buckets.ts'
import { countCalibration, differenceKey } from '../compare/plan-calibration.ts'
import type { Comparison, Difference, DifferenceKind } from '../core/compare-words.ts'
import type { ComparisonBatch, DifferenceCount, KeptBasis, KeptSample } from '../core/comparison-store.ts'
import type { Side } from '../core/words.ts'
import { createEvidenceCounts, type EvidenceCounts } from './evidence-counts.ts'

/** What is counted of one exchange besides its verdict. */
export interface Noted {
  readonly comparison: Omit<Comparison, 'basis'>
  readonly basis: KeptBasis
  /** Differences that an accepted one explains; not among the comparison's own. */
  readonly accepted: readonly Difference[]
  /** Where the monolith differed from itself; absent when it was not asked. */
  readonly noise?: readonly Difference[]
  readonly shape: string
  /** How long each side took, of those that answered. */
  readonly took: Took
}

/** Milliseconds. */
export type Took = Readonly<Partial<Record<Side | typeof AGAIN, number>>>

/** The counters of this process since they were last kept. */
export interface EvidenceBook {
  note(noted: Noted, at: Date): void
  /** An exchange that was wanted, and not even copied. */
  noteSkipped(skipped: { basis: KeptBasis; endpoint: string; reason: string; count: number }, at: Date): void
  keepSample(sample: KeptSample): void
  /** All of it; the book is empty then. Undefined when there is nothing. */
  take(): ComparisonBatch | undefined
  /** What could not be kept comes back, as far as there is room. Returns how many counters were dropped. */
  putBack(batch: ComparisonBatch): number
}

const WINDOW_MS = 600_000
const MOST_ROWS = 20_000
const MOST_SAMPLES = 100
const MOST_PATHS = 500
const MOST_SETS = 200
const MOST_SHAPES = 200

export function createEvidenceBook(): EvidenceBook {
  const bases = new Map<string, KeptBasis>()
  const counts = createEvidenceCounts()
  const samples = new Map<string, KeptSample>()
  // For ever, not per batch: the bound is that of the control database too.
  const names = createNameBounds()

  return {
    note(noted, at) {
      const { comparison, basis, noise, shape, took } = noted
      const { verdict, endpoint } = comparison
      bases.set(basis.id, basis)
      const place = { window: windowOf(at), basis: basis.id, endpoint }
      const tally = (name: string) => counts.addTally({ ...place, tally: name, count: 1 })
      tally(verdict === 'skipped' ? `skipped:${comparison.skipped}` : verdict)
      if (verdict === 'match' && noise !== undefined) tally('calibrated')
      if (verdict === 'match' && noise !== undefined && noise.length > 0) tally('agreeing-noisy')
      for (const [side, ms] of Object.entries(took)) tally(`ms:${side}:${latencyBucket(ms)}`)
      countDifferences({ counts, names }, place, noted)
      if (!names.has(place, 'shape', shape, MOST_SHAPES)) return
      const compared = verdict === 'skipped' ? 0 : 1
      const matched = verdict === 'mismatch' ? 0 : compared
      counts.addShape({ ...place, shape, seen: 1, compared, matched, lastSeenAt: at.toISOString() })
    },
    noteSkipped({ basis, endpoint, reason, count }, at) {
      bases.set(basis.id, basis)
      counts.addTally({ window: windowOf(at), basis: basis.id, endpoint, tally: `skipped:${reason}`, count })
    },
    keepSample(sample) {
      if (samples.size < MOST_SAMPLES) samples.set(sample.id, sample)
    },
    take() {
      if (counts.isEmpty) return undefined
      const kept = { bases: [...bases.values()], samples: [...samples.values()] }
      for (const map of [bases, samples]) map.clear()
      return { ...kept, ...counts.takeAll() }
    },
    putBack(batch) {
      let dropped = 0
      const back = <T>(rows: readonly T[], add: (row: T) => void) => {
        for (const row of rows) {
          if (counts.rows < MOST_ROWS) add(row)
          else dropped += 1
        }
      }
      for (const basis of batch.bases) bases.set(basis.id, basis)
      back(batch.tallies, counts.addTally)
      back(batch.differences, counts.addDifference)
      back(batch.sets, counts.addSet)
      back(batch.shapes, counts.addShape)
      for (const sample of batch.samples) this.keepSample(sample)
      return dropped
    },
  }
}

interface Place {
  readonly window: string
  readonly basis: string
  readonly endpoint: string
}

interface Counting {
  readonly counts: EvidenceCounts
  readonly names: ReturnType<typeof createNameBounds>
}

/** Where it differs, as far as there is room for another name. */
function countDifferences({ counts, names }: Counting, place: Place, noted: Noted): void {
  const { comparison, accepted, noise } = noted
  const calibration = noise === undefined ? undefined : countCalibration(comparison.differences, noise)
  const known = (difference: Difference) => {
    const isKnown = names.has(place, 'path', difference.path, MOST_PATHS)
    if (!isKnown) counts.addTally({ ...place, tally: 'overflow', count: 1 })
    return isKnown
  }
  const isMismatch = comparison.verdict === 'mismatch'
  const counted = isMismatch ? comparison.differences.filter(known) : []
  for (const difference of counted) {
    const again = calibration?.get(differenceKey(difference))
    counts.addDifference({
      ...rowOf(place, difference),
      ...{ differing: 1, calibrated: again?.differing ?? 0, noisy: again?.noisy ?? 0 },
      weight: difference.weight,
    })
  }
  for (const difference of accepted.filter(known))
    counts.addDifference({ ...rowOf(place, difference), accepted: 1 })
  if (counted.length === 0) return
  const places = counted.map(differenceKey).sort()
  const isRoom = names.has(place, 'set', places.join('\n'), MOST_SETS)
  counts.addSet({ ...place, places: isRoom ? places : [], count: 1 })
}

function rowOf(place: Place, { path, kind }: { path: string; kind: DifferenceKind }): DifferenceCount {
  return { ...place, path, kind, differing: 0, calibrated: 0, noisy: 0, accepted: 0, weight: 0 }
}

function windowOf(at: Date): string {
  return new Date(Math.floor(at.getTime() / WINDOW_MS) * WINDOW_MS).toISOString()
}

/** Names of which only so many are counted one by one. */
function createNameBounds() {
  const known = new Map<string, Set<string>>()
  return {
    has({ basis, endpoint }: Place, what: string, name: string, most: number): boolean {
      const key = `${what} ${basis} ${endpoint}`
      const present = known.get(key) ?? new Set()
      known.set(key, present)
      if (present.has(name)) return true
      if (present.size >= most) return false
      present.add(name)
      return true
    },
  }
}
