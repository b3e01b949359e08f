import { type AGAIN, latencyBucket } from '../compare/latency-buckets.ts'
import { countCalibration, differenceKey } from '../compare/plan-calibration.ts'
import type { Comparison, Difference, DifferenceKind } from '../core/compare-words.ts'
import type {
  ComparisonBatch,
  DifferenceCount,
  DifferenceSetCount,
  KeptBasis,
  KeptSample,
  ShapeCount,
  TallyCount,
} from '../core/comparison-store.ts'
import type { Side } from '../core/words.ts'

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

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export function createEvidenceBook(): EvidenceBook {
  const bases = new Map<string, KeptBasis>()
  const tallies = new Map<string, Mutable<TallyCount>>()
  const differences = new Map<string, Mutable<DifferenceCount>>()
  const sets = new Map<string, Mutable<DifferenceSetCount>>()
  const shapes = new Map<string, Mutable<ShapeCount>>()
  const samples = new Map<string, KeptSample>()
  // For ever, not per batch: the bound is that of the control database too.
  const names = createNameBounds()

  function addTally(row: TallyCount): void {
    const present = tallies.get(keyOf(row, row.tally))
    if (present === undefined) tallies.set(keyOf(row, row.tally), { ...row })
    else present.count += row.count
  }
  function addDifference(row: DifferenceCount): void {
    const key = keyOf(row, `${row.kind} ${row.path}`)
    const present = differences.get(key)
    if (present === undefined) differences.set(key, { ...row })
    else for (const field of COUNTS) present[field] += row[field]
  }
  function addSet(row: DifferenceSetCount): void {
    const key = keyOf(row, row.places.join('\n'))
    const present = sets.get(key)
    if (present === undefined) sets.set(key, { ...row })
    else present.count += row.count
  }
  function addShape(row: ShapeCount): void {
    const key = `${row.basis}\n${row.endpoint}\n${row.shape}`
    const present = shapes.get(key)
    if (present === undefined) return void shapes.set(key, { ...row })
    present.seen += row.seen
    present.compared += row.compared
    present.matched += row.matched
    if (row.lastSeenAt > present.lastSeenAt) present.lastSeenAt = row.lastSeenAt
  }

  function noteDifferences(place: Place, noted: Noted): void {
    const { comparison, accepted, noise } = noted
    const calibration = noise === undefined ? undefined : countCalibration(comparison.differences, noise)
    const known = (difference: Difference) => {
      const isKnown = names.has(place, 'path', difference.path, MOST_PATHS)
      if (!isKnown) addTally({ ...place, tally: 'overflow', count: 1 })
      return isKnown
    }
    const isMismatch = comparison.verdict === 'mismatch'
    const counted = isMismatch ? comparison.differences.filter(known) : []
    for (const difference of counted) {
      const counts = calibration?.get(differenceKey(difference))
      addDifference({
        ...rowOf(place, difference),
        ...{ differing: 1, calibrated: counts?.differing ?? 0, noisy: counts?.noisy ?? 0 },
        weight: difference.weight,
      })
    }
    for (const difference of accepted.filter(known))
      addDifference({ ...rowOf(place, difference), accepted: 1 })
    if (counted.length === 0) return
    const places = counted.map(differenceKey).sort()
    const isRoom = names.has(place, 'set', places.join('\n'), MOST_SETS)
    addSet({ ...place, places: isRoom ? places : [], count: 1 })
  }

  return {
    note(noted, at) {
      const { comparison, basis, noise, shape, took } = noted
      const { verdict, endpoint } = comparison
      bases.set(basis.id, basis)
      const place = { window: windowOf(at), basis: basis.id, endpoint }
      const tally = (name: string) => addTally({ ...place, tally: name, count: 1 })
      tally(verdict === 'skipped' ? `skipped:${comparison.skipped}` : verdict)
      if (verdict === 'match' && noise !== undefined) tally('calibrated')
      if (verdict === 'match' && noise !== undefined && noise.length > 0) tally('agreeing-noisy')
      for (const [side, ms] of Object.entries(took)) tally(`ms:${side}:${latencyBucket(ms)}`)
      noteDifferences(place, noted)
      if (!names.has(place, 'shape', shape, MOST_SHAPES)) return
      const compared = verdict === 'skipped' ? 0 : 1
      const matched = verdict === 'mismatch' ? 0 : compared
      addShape({ ...place, shape, seen: 1, compared, matched, lastSeenAt: at.toISOString() })
    },
    noteSkipped({ basis, endpoint, reason, count }, at) {
      bases.set(basis.id, basis)
      addTally({ window: windowOf(at), basis: basis.id, endpoint, tally: `skipped:${reason}`, count })
    },
    keepSample(sample) {
      if (samples.size < MOST_SAMPLES) samples.set(sample.id, sample)
    },
    take() {
      if (tallies.size === 0) return undefined
      const batch: ComparisonBatch = {
        bases: [...bases.values()],
        tallies: [...tallies.values()],
        differences: [...differences.values()],
        sets: [...sets.values()],
        shapes: [...shapes.values()],
        samples: [...samples.values()],
      }
      for (const map of [bases, tallies, differences, sets, shapes, samples]) map.clear()
      return batch
    },
    putBack(batch) {
      let dropped = 0
      const room = () => tallies.size + differences.size + sets.size + shapes.size < MOST_ROWS
      const back = <T>(rows: readonly T[], add: (row: T) => void) => {
        for (const row of rows) {
          if (room()) add(row)
          else dropped += 1
        }
      }
      for (const basis of batch.bases) bases.set(basis.id, basis)
      back(batch.tallies, addTally)
      back(batch.differences, addDifference)
      back(batch.sets, addSet)
      back(batch.shapes, addShape)
      for (const sample of batch.samples) this.keepSample(sample)
      return dropped
    },
  }
}

const COUNTS = ['differing', 'calibrated', 'noisy', 'accepted', 'weight'] as const

interface Place {
  readonly window: string
  readonly basis: string
  readonly endpoint: string
}

function rowOf(place: Place, { path, kind }: { path: string; kind: DifferenceKind }): DifferenceCount {
  return { ...place, path, kind, differing: 0, calibrated: 0, noisy: 0, accepted: 0, weight: 0 }
}

function keyOf({ window, basis, endpoint }: Place, name: string): string {
  return `${window}\n${basis}\n${endpoint}\n${name}`
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
