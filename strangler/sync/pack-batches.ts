import type { ChangeBatch, ChangeEntry } from '../core/sync-words.ts'

/** What a job holds at most. */
interface JobSize {
  readonly entries: number
  readonly characters: number
}

/** A larger one holds the target's locks for too long, and much smaller ones cost 25–40 × a row. */
const LIVE_JOB: JobSize = { entries: 500, characters: 256 * 1024 }
/** Rows that are likely to be refused, one by one and slowly: the fewer in a job, the sooner the next of others has its turn. */
export const DOUBTFUL_JOB: JobSize = { entries: 50, characters: 256 * 1024 }
/** Nobody waits for the locks of a single row of the backfill; 2,000 rows a job took 0.7 of the database's time of 500. */
export const BACKFILL_JOB: JobSize = { entries: 2_000, characters: 512 * 1024 }

/** Cuts entries into jobs, in their order. A single entry above the bound is a job of its own. */
export function packBatches(
  head: Omit<ChangeBatch, 'entries'>,
  entries: readonly ChangeEntry[],
  most: JobSize = LIVE_JOB,
): ChangeBatch[] {
  const batches: ChangeBatch[] = []
  let current: ChangeEntry[] = []
  let characters = 0
  for (const entry of entries) {
    const size = sizeOf(entry)
    if (current.length > 0 && (current.length >= most.entries || characters + size > most.characters)) {
      batches.push({ ...head, entries: current })
      current = []
      characters = 0
    }
    current.push(entry)
    characters += size
  }
  if (current.length > 0) batches.push({ ...head, entries: current })
  return batches
}

function sizeOf(entry: ChangeEntry): number {
  const cells = entry.row?.reduce((sum, cell) => sum + (cell?.length ?? 0) + 3, 0) ?? 0
  return entry.table.length + entry.key.length + (entry.traceparent?.length ?? 0) + cells + 40
}
