import type { ReportAnswer } from '../../strangler/admin/compare-contracts.ts'
import { reportCapability } from '../../strangler/admin/report-comparisons.ts'
import type { ComparisonBatch, KeptBasis, KeptEvidence } from '../../strangler/core/comparison-store.ts'

export type Report = ReportAnswer['capabilities'][number]

/** What the control database would say after so many batches, without one. */
export interface MergedEvidence {
  add(batch: ComparisonBatch): void
  report(): Report
}

export function mergeEvidence(): MergedEvidence {
  const batches: ComparisonBatch[] = []
  return {
    add: (batch) => void batches.push(batch),
    report() {
      const all = <K extends keyof ComparisonBatch>(key: K) => batches.flatMap((batch) => [...batch[key]])
      const basis = all('bases').at(-1) as KeptBasis
      const evidence: KeptEvidence = {
        basis: { ...basis, firstSeenAt: '' },
        tallies: sum(all('tallies'), ({ endpoint, tally }) => [endpoint, tally], ['count']),
        differences: sum(all('differences'), ({ endpoint, path, kind }) => [endpoint, path, kind], [
          ...(['differing', 'calibrated', 'noisy', 'accepted', 'weight'] as const),
        ]),
        sets: sum(all('sets'), ({ endpoint, places }) => [endpoint, ...places], ['count']),
        shapes: sum(all('shapes'), ({ endpoint, shape }) => [endpoint, shape], [
          'seen',
          'compared',
          'matched',
        ]),
      }
      return reportCapability(evidence, { accepted: [], now: new Date() })
    },
  }
}

function sum<T extends object>(
  rows: readonly T[],
  keyOf: (row: T) => readonly string[],
  counts: readonly (keyof T)[],
): T[] {
  const merged = new Map<string, T>()
  for (const row of rows) {
    const key = keyOf(row).join('\n')
    const present = merged.get(key)
    if (present === undefined) merged.set(key, { ...row })
    else
      for (const count of counts)
        present[count] = ((present[count] as number) + (row[count] as number)) as never
  }
  return [...merged.values()]
}

/** Does a number of things, so many at once. */
export async function inParallel(
  count: number,
  width: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: width }, lane))
}
