import type { ChangeBatch, ChangeEntry } from '../core/sync-words.ts'

/** A job holds no more than this: a larger one holds the target's locks for too long, and much smaller ones cost 25–40 × a row. */
const MAX_ENTRIES = 500
const MAX_CHARACTERS = 256 * 1024

/** Cuts entries into jobs, in their order. A single entry above the bound is a job of its own. */
export function packBatches(
  head: Omit<ChangeBatch, 'entries'>,
  entries: readonly ChangeEntry[],
): ChangeBatch[] {
  const batches: ChangeBatch[] = []
  let current: ChangeEntry[] = []
  let characters = 0
  for (const entry of entries) {
    const size = sizeOf(entry)
    if (current.length > 0 && (current.length >= MAX_ENTRIES || characters + size > MAX_CHARACTERS)) {
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
  return entry.table.length + entry.key.length + cells + 40
}
