import type { ClockEstimate } from '../core/data-position.ts'
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
  /** The source's clock at the moment `at`. */
  readonly source: ClockEstimate
  /** When the log was asked (`performance.now()`): what is committed later may be missing in all this. */
  readonly at: number
}

/** Older than this, a clock reading would hold marks back that could be released. */
const CLOCK_GOOD_FOR_MS = 100

/** Reads the lag; calls at the same time share one query. */
export function createLagReader(source: SyncDatabase, tables: readonly TableShape[]): () => Promise<Lag> {
  let clock: { databaseMs: number; askedAt: number } | undefined
  let reading: Promise<Lag> | undefined

  async function query() {
    const askedAt = performance.now()
    const [row] = await source.query(source.dialect.readLag(tables))
    const tookMs = performance.now() - askedAt
    const databaseMs = Number(row?.['now_ms'] ?? 0)
    const before = clock
    clock = { databaseMs, askedAt }
    return {
      before,
      askedAt,
      // It was read at some time between the question and the answer, and cut to whole milliseconds.
      source: { ms: databaseMs + 0.5 - tookMs / 2, errorMs: 0.5 + tookMs / 2 },
      ageMs: Number(row?.['age_ms'] ?? 0),
      entries: Number(row?.['entries'] ?? 0),
      oldestMs: Number(row?.['oldest_ms'] ?? 0),
    }
  }

  async function read(): Promise<Lag> {
    let found = await query()
    // An empty log says: applied up to a moment before this look. The clock of this very look may be after its snapshot.
    if (
      found.entries === 0 &&
      (found.before === undefined || found.askedAt - found.before.askedAt > CLOCK_GOOD_FOR_MS)
    ) {
      found = await query()
    }
    const { entries, ageMs, oldestMs, source, askedAt, before } = found
    const known = { entries, source, at: askedAt }
    if (entries === 0) return { ...known, lagMs: 0, appliedThrough: before?.databaseMs ?? 0 }
    return { ...known, lagMs: ageMs, appliedThrough: oldestMs }
  }

  return () => {
    reading ??= read().finally(() => {
      reading = undefined
    })
    return reading
  }
}
