import type {
  ComparisonBatch,
  DifferenceCount,
  DifferenceSetCount,
  ShapeCount,
  TallyCount,
} from '../core/comparison-store.ts'

type CountRows = Pick<ComparisonBatch, 'tallies' | 'differences' | 'sets' | 'shapes'>

/** Adds up what is the same: one row for each. */
export interface EvidenceCounts {
  addTally(row: TallyCount): void
  addDifference(row: DifferenceCount): void
  addSet(row: DifferenceSetCount): void
  addShape(row: ShapeCount): void
  /** Whatever else is counted of an exchange, it has a tally. */
  readonly isEmpty: boolean
  readonly rows: number
  takeAll(): CountRows
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const SUMS = ['differing', 'calibrated', 'noisy', 'accepted', 'weight'] as const

export function createEvidenceCounts(): EvidenceCounts {
  const tallies = new Map<string, Mutable<TallyCount>>()
  const differences = new Map<string, Mutable<DifferenceCount>>()
  const sets = new Map<string, Mutable<DifferenceSetCount>>()
  const shapes = new Map<string, Mutable<ShapeCount>>()

  return {
    addTally(row) {
      const key = keyOf(row, row.tally)
      const present = tallies.get(key)
      if (present === undefined) tallies.set(key, { ...row })
      else present.count += row.count
    },
    addDifference(row) {
      const key = keyOf(row, `${row.kind} ${row.path}`)
      const present = differences.get(key)
      if (present === undefined) differences.set(key, { ...row })
      else for (const field of SUMS) present[field] += row[field]
    },
    addSet(row) {
      const key = keyOf(row, row.places.join('\n'))
      const present = sets.get(key)
      if (present === undefined) sets.set(key, { ...row })
      else present.count += row.count
    },
    addShape(row) {
      const key = `${row.basis}\n${row.endpoint}\n${row.shape}`
      const present = shapes.get(key)
      if (present === undefined) return void shapes.set(key, { ...row })
      present.seen += row.seen
      present.compared += row.compared
      present.matched += row.matched
      if (row.lastSeenAt > present.lastSeenAt) present.lastSeenAt = row.lastSeenAt
    },
    get isEmpty() {
      return tallies.size === 0
    },
    get rows() {
      return tallies.size + differences.size + sets.size + shapes.size
    },
    takeAll() {
      const taken = {
        tallies: [...tallies.values()],
        differences: [...differences.values()],
        sets: [...sets.values()],
        shapes: [...shapes.values()],
      }
      for (const map of [tallies, differences, sets, shapes]) map.clear()
      return taken
    },
  }
}

function keyOf({ window, basis, endpoint }: Omit<TallyCount, 'tally' | 'count'>, name: string): string {
  return `${window}\n${basis}\n${endpoint}\n${name}`
}
