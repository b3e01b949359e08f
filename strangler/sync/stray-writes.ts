import { hasKitTable, kitTable } from './bookkeeping.ts'
import type { SyncDatabase, TextRow } from './database.ts'

/** Writes by the side that does not own a table, which a guard in `report` has let pass. They are not carried over. */
export interface StrayWrites {
  readonly table: string
  readonly count: number
  readonly lastAt: string
  /** Roles that wrote them, five at most. */
  readonly by: readonly string[]
  /** The newest of them, ten at most over all tables. */
  readonly rows: readonly StrayRow[]
}

/** One row that was written. What was in it stays in the database, beside the row before and after. */
export interface StrayRow {
  /** Canonical text of the key: `["SKU-00007","BER"]`. */
  readonly key: string
  readonly op: 'insert' | 'update' | 'delete' | 'truncate'
  readonly at: string
  readonly by: string
  /** Columns that an update has changed. */
  readonly columns: readonly string[]
}

const MOST_ROWS = 10

/** What is kept about them in one database, with the images of each row before and after. */
export async function readStrayWrites(
  database: SyncDatabase,
  tables: readonly string[],
): Promise<StrayWrites[]> {
  if (tables.length === 0 || !(await hasKitTable(database, 'stray_write'))) return []
  const isPostgres = database.dialect.name === 'postgres'
  const among = tables.map((_, index) => (isPostgres ? `$${index + 1}` : '?')).join(', ')
  const kept = `${kitTable(database.dialect.name, 'stray_write')} WHERE tbl IN (${among})`
  const time = (at: string) =>
    isPostgres
      ? `to_char(${at} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`
      : `DATE_FORMAT(${at}, '%Y-%m-%dT%H:%i:%sZ')`
  const counted = isPostgres
    ? 'count(*)::text AS number, json_agg(DISTINCT session_role)::text AS who'
    : 'CAST(COUNT(*) AS CHAR) AS number, JSON_ARRAYAGG(DISTINCT session_role) AS who'
  const images = isPostgres
    ? 'before::text AS old_row, after::text AS new_row, key AS row_key'
    : 'before_row AS old_row, after_row AS new_row, `key` AS row_key'
  const [totals, newest] = await Promise.all([
    database.query({
      sql: `SELECT tbl, ${counted}, ${time('MAX(at)')} AS last FROM ${kept} GROUP BY tbl ORDER BY tbl`,
      params: [...tables],
    }),
    database.query({
      sql: `SELECT tbl, op, session_role AS who, ${images}, ${time('at')} AS at_text FROM ${kept} ORDER BY at DESC LIMIT ${MOST_ROWS}`,
      params: [...tables],
    }),
  ])
  return totals.map((row) => ({
    table: row['tbl'] ?? '',
    count: Number(row['number']),
    lastAt: row['last'] ?? '',
    by: (JSON.parse(row['who'] ?? '[]') as string[]).slice(0, 5),
    rows: newest.filter(({ tbl }) => tbl === row['tbl']).map(toStrayRow),
  }))
}

const OPERATIONS: Readonly<Record<string, StrayRow['op']>> = { I: 'insert', U: 'update', D: 'delete' }

function toStrayRow(row: TextRow): StrayRow {
  return {
    key: row['row_key'] ?? '',
    op: OPERATIONS[row['op'] ?? ''] ?? 'truncate',
    at: row['at_text'] ?? '',
    by: row['who'] ?? '',
    columns: changedColumns(row['old_row'] ?? null, row['new_row'] ?? null),
  }
}

function changedColumns(before: string | null, after: string | null): string[] {
  if (before === null || after === null) return []
  const [old, now] = [before, after].map((text) => JSON.parse(text) as Record<string, unknown>)
  return Object.keys(now ?? {}).filter((name) => JSON.stringify(old?.[name]) !== JSON.stringify(now?.[name]))
}
