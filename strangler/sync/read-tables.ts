import type { ReportError } from '../core/ports.ts'
import type { TableShape } from '../core/sync-words.ts'
import type { SyncDatabase, TextRow } from './database.ts'
import { type NamedDatabase, openSide, schemaOf } from './database-pair.ts'

/**
 * Every table of a database, as its catalogue describes it; changes nothing.
 * @throws StranglerError STRANGLER_SYNC_DATABASE_UNREACHABLE
 */
export async function readTables(named: NamedDatabase, report: ReportError): Promise<TableShape[]> {
  return withDatabase(named, report, (database) => shapesOf(database, schemaOf(named.url, undefined)))
}

/** What a database knows of its tables and of who uses them. */
export interface DatabaseActivity {
  readonly tables: readonly TableShape[]
  /** `tbl, row_count, writes`. */
  readonly activity: readonly TextRow[]
  /** `role, application`. */
  readonly sessions: readonly TextRow[]
}

/** @throws StranglerError STRANGLER_SYNC_DATABASE_UNREACHABLE, and the database's own errors */
export async function readDatabaseActivity(
  named: NamedDatabase,
  report: ReportError,
): Promise<DatabaseActivity> {
  const schema = schemaOf(named.url, undefined)
  return withDatabase(named, report, async (database) => ({
    tables: await shapesOf(database, schema),
    activity: await database.query(database.dialect.readActivity(schema)),
    sessions: await database.query(database.dialect.readSessions()),
  }))
}

async function shapesOf(database: SyncDatabase, schema: string): Promise<TableShape[]> {
  const names = (await database.query(database.dialect.listTables(schema))).map(({ name }) => name ?? '')
  const tables = await database.dialect.introspect(database.query, schema, names)
  // Each server sorts by a collation of its own.
  return tables.sort((one, other) => (one.name < other.name ? -1 : 1))
}

async function withDatabase<T>(
  named: NamedDatabase,
  report: ReportError,
  work: (database: SyncDatabase) => Promise<T>,
): Promise<T> {
  const database = await openSide(named, report)
  try {
    return await work(database)
  } finally {
    await database.stop()
  }
}
