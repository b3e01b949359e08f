import { hasKitTable, kitTable } from './bookkeeping.ts'
import type { SyncDatabase } from './database.ts'

/** Writes by the side that does not own a table, which a guard in `report` has let pass. They are not carried over. */
export interface StrayWrites {
  readonly table: string
  readonly count: number
  readonly lastAt: string
  /** Roles that wrote them, five at most. */
  readonly by: readonly string[]
}

/** What is kept about them in one database, with the images of each row before and after. */
export async function readStrayWrites(
  database: SyncDatabase,
  tables: readonly string[],
): Promise<StrayWrites[]> {
  if (tables.length === 0 || !(await hasKitTable(database, 'stray_write'))) return []
  const isPostgres = database.dialect.name === 'postgres'
  const among = tables.map((_, index) => (isPostgres ? `$${index + 1}` : '?')).join(', ')
  const columns = isPostgres
    ? `tbl, count(*)::text AS number, to_char(max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS last, json_agg(DISTINCT session_role)::text AS who`
    : `tbl, CAST(COUNT(*) AS CHAR) AS number, DATE_FORMAT(MAX(at), '%Y-%m-%dT%H:%i:%sZ') AS last, JSON_ARRAYAGG(DISTINCT session_role) AS who`
  const rows = await database.query({
    sql: `SELECT ${columns} FROM ${kitTable(database.dialect.name, 'stray_write')} WHERE tbl IN (${among}) GROUP BY tbl ORDER BY tbl`,
    params: [...tables],
  })
  return rows.map((row) => ({
    table: row['tbl'] ?? '',
    count: Number(row['number']),
    lastAt: row['last'] ?? '',
    by: (JSON.parse(row['who'] ?? '[]') as string[]).slice(0, 5),
  }))
}
