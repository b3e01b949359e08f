import type { ReportError } from '../core/ports.ts'
import type { TableShape } from '../core/sync-words.ts'
import { type NamedDatabase, openSide, schemaOf } from './database-pair.ts'

/**
 * Every table of a database, as its catalogue describes it; changes nothing.
 * @throws StranglerError STRANGLER_SYNC_DATABASE_UNREACHABLE
 */
export async function readTables(named: NamedDatabase, report: ReportError): Promise<TableShape[]> {
  const database = await openSide(named, report)
  try {
    const schema = schemaOf(named.url, undefined)
    const names = (await database.query(database.dialect.listTables(schema))).map(({ name }) => name ?? '')
    const tables = await database.dialect.introspect(database.query, schema, names)
    // Each server sorts by a collation of its own.
    return tables.sort((one, other) => (one.name < other.name ? -1 : 1))
  } finally {
    await database.stop()
  }
}
