import { at, keyColumn } from './bookkeeping.ts'
import type { SyncDatabase } from './database.ts'

/** The version of the newest TRUNCATE of the source that is still to come; it has one entry for all the keys that it took away. */
export async function readWaitingTruncate(source: SyncDatabase, table: string): Promise<string | undefined> {
  const dialect = source.dialect.name
  const statement = source.dialect.askChanges(
    (changes) =>
      `SELECT max(version) AS version FROM ${changes} WHERE tbl = ${at(dialect, 1)} AND ${keyColumn(dialect)} = ''`,
    [table],
  )
  const [row] = await source.query(statement)
  return row?.['version'] ?? undefined
}
