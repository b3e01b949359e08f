import type { TableShape } from '../core/sync-words.ts'
import type { SyncDatabase } from './database.ts'

/** How far the target is behind, as the source's log shows it. */
export interface Lag {
  /** Age of the oldest change that is not acknowledged; 0 without any. */
  readonly lagMs: number
  /** Entries in the log. */
  readonly entries: number
  /** Everything that was committed in the source before this moment (epoch ms, the source's clock) is applied in the target. */
  readonly appliedThrough: number
}

/** Older than this, a clock reading would say too little. */
const CLOCK_GOOD_FOR_MS = 300

/** Reads the lag; calls at the same time share one query. */
export function createLagReader(source: SyncDatabase, tables: readonly TableShape[]): () => Promise<Lag> {
  let clock: { databaseMs: number; readAt: number } | undefined
  let reading: Promise<Lag> | undefined

  async function query() {
    const readAt = performance.now()
    const [row] = await source.query(source.dialect.readLag(tables))
    const databaseMs = Number(row?.['now_ms'] ?? 0)
    const before = clock
    clock = { databaseMs, readAt }
    return {
      before,
      readAt,
      databaseMs,
      ageMs: Number(row?.['age_ms'] ?? 0),
      entries: Number(row?.['entries'] ?? 0),
    }
  }

  async function read(): Promise<Lag> {
    let found = await query()
    // An empty log says: applied up to a moment before this look. The clock of this very look may be after its snapshot.
    if (
      found.entries === 0 &&
      (found.before === undefined || found.readAt - found.before.readAt > CLOCK_GOOD_FOR_MS)
    ) {
      found = await query()
    }
    const { entries, ageMs, databaseMs, before } = found
    if (entries === 0) return { lagMs: 0, entries, appliedThrough: before?.databaseMs ?? 0 }
    return { lagMs: ageMs, entries, appliedThrough: databaseMs - ageMs }
  }

  return () => {
    reading ??= read().finally(() => {
      reading = undefined
    })
    return reading
  }
}
