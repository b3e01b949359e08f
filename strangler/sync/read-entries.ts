import type { CellText, ChangeEntry } from '../core/sync-words.ts'
import { parseTraceparent } from '../core/trace-context.ts'
import type { SyncDatabase, TextRow } from './database.ts'
import type { PendingPart } from './dialect.ts'
import type { TableRoute } from './mapping.ts'

/** Entries, and the keys of those rows that the mapping's own function refused. */
export interface ReadEntries {
  readonly entries: ChangeEntry[]
  readonly refused: { readonly key: string; readonly error: unknown }[]
}

/** The oldest pending keys of one table as the target will have them, and the place of the last in the log. */
export async function readPendingEntries(
  source: SyncDatabase,
  route: TableRoute,
  { limit, ...part }: PendingPart & { limit: number },
): Promise<ReadEntries & { through: string | undefined }> {
  const rows = await source.query(source.dialect.readPending(route.source, limit, part))
  return { ...toEntries(route, rows), through: rows.at(-1)?.['oldest'] ?? undefined }
}

/** Those of the keys that are still pending, as they stand now. */
export async function readCollisions(
  source: SyncDatabase,
  route: TableRoute,
  keys: readonly string[],
): Promise<ReadEntries> {
  const rows = await source.query(source.dialect.readKeys(route.source, keys))
  return toEntries(
    route,
    rows.filter((row) => row['version'] !== '0'),
  )
}

export function toEntries(route: TableRoute, rows: readonly TextRow[]): ReadEntries {
  const read: ReadEntries = { entries: [], refused: [] }
  for (const row of rows) {
    try {
      read.entries.push(toEntry(route, row))
    } catch (error) {
      read.refused.push({ key: row['key'] ?? '', error })
    }
  }
  return read
}

/** The application wrote it, so it may be anything. */
function isTraceparent(text: CellText | undefined): text is string {
  return typeof text === 'string' && parseTraceparent(text) !== undefined
}

/** `version, key, op, present, c0 …` as an entry in the target's columns. */
function toEntry(route: TableRoute, row: TextRow): ChangeEntry {
  const { traceparent } = row
  const head = {
    ...{ table: route.target.table.name, key: row['key'] ?? '', version: row['version'] ?? '0' },
    ...(isTraceparent(traceparent) ? { traceparent } : {}),
  }
  if (head.key === '') return { ...head, row: null, truncate: true }
  return {
    ...head,
    row: row['present'] === '1' ? route.convert(cellsOf(row, route.source.columns.length)) : null,
  }
}

/** `c0, c1 …` in order. */
export function cellsOf(row: TextRow, count: number): CellText[] {
  const cells: CellText[] = []
  for (let position = 0; position < count; position += 1) cells.push(row[`c${position}`] ?? null)
  return cells
}
