import { appendFile } from 'node:fs/promises'
import { dialectNameOf, openSyncDatabase, type SyncDatabase } from '../../strangler/sync/database.ts'
import { mariadbDialect } from '../../strangler/sync/dialects/mariadb/index.ts'
import { findAncestors } from '../../strangler/sync/dialects/mariadb/introspect.ts'
import { postgresDialect } from '../../strangler/sync/dialects/postgres/index.ts'

/** Names the file in which each captured shop leaves `<changes> <triggers>`; without it shops are not captured. */
export const CAPTURE_VARIABLE = 'STRANGLER_SAMPLE_CAPTURE'
/** `mariadb` puts the shop's tables there; default `postgres`. */
export const DIALECT_VARIABLE = 'STRANGLER_SAMPLE_DIALECT'

/** Puts capture on every table of a shop, as `strangler sync install` would. `end` writes down what it logged. */
export async function captureShop(databaseUrl: string): Promise<{ end(): Promise<void> }> {
  const file = process.env[CAPTURE_VARIABLE]
  if (file === undefined) return { end: async () => undefined }
  const isPostgres = dialectNameOf(databaseUrl) === 'postgres'
  const dialect = isPostgres ? postgresDialect : mariadbDialect
  const database = await openSyncDatabase(databaseUrl, { dialect, lockTimeoutMs: 10_000 })
  const schema = isPostgres ? 'public' : new URL(databaseUrl).pathname.slice(1)
  const shapes = await dialect.introspect(database.query, schema, await listTables(database, schema))
  const ancestors = isPostgres ? [] : await findAncestors(database.query, schema, shapes)
  for (const sql of database.dialect.captureUp(shapes, ancestors)) await database.query({ sql, params: [] })
  return {
    async end() {
      const log = isPostgres ? 'strangler.changes' : 'strangler_change_log'
      const triggers = isPostgres
        ? `SELECT count(*)::text AS n FROM pg_trigger WHERE tgname = 'strangler_capture_rows' AND tgenabled = 'A'`
        : `SELECT CAST(count(*) AS CHAR) AS n FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME LIKE 'strangler_capture_insert%'`
      const [changes] = await database.query({ sql: `SELECT count(*) AS n FROM ${log}`, params: [] })
      const [there] = await database.query({ sql: triggers, params: [] })
      await appendFile(file, `${changes?.['n']} ${there?.['n']} of ${shapes.length}\n`)
      await database.stop()
    },
  }
}

async function listTables(database: SyncDatabase, schema: string): Promise<string[]> {
  const at = database.dialect.name === 'postgres' ? '$1' : '?'
  const rows = await database.query({
    sql: `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ${at} AND table_type = 'BASE TABLE'`,
    params: [schema],
  })
  return rows.map(({ name }) => name ?? '')
}
