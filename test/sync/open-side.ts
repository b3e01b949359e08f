import type { DialectName } from '../../strangler/core/sync-words.ts'
import { openSyncDatabase } from '../../strangler/sync/database.ts'
import { mariadbDialect } from '../../strangler/sync/dialects/mariadb/index.ts'
import { postgresDialect } from '../../strangler/sync/dialects/postgres/index.ts'
import { createMariaDatabase } from '../support/mariadb.ts'
import { createTestDatabase } from '../support/postgres.ts'

const APPLICATION_TIMEOUT_MS = 60_000

/** A fresh database, with the kit's connections to it and the application's. @param statementTimeoutMs of the kit's */
export async function openSide(kind: DialectName, name: string, statementTimeoutMs: number) {
  const made = kind === 'postgres' ? await createTestDatabase(name) : await createMariaDatabase(name)
  const dialect = kind === 'postgres' ? postgresDialect : mariadbDialect
  // The applier's marker is the connection's on MariaDB: the application has its own.
  const [database, application] = await Promise.all([
    openSyncDatabase(made.url, { dialect, statementTimeoutMs }),
    openSyncDatabase(made.url, { dialect, statementTimeoutMs: APPLICATION_TIMEOUT_MS }),
  ])
  return {
    database,
    application,
    schema: kind === 'postgres' ? 'public' : new URL(made.url).pathname.slice(1),
    run: (sql: string) => application.query({ sql, params: [] }),
    async close() {
      await Promise.all([database.stop(), application.stop()])
      await made.drop()
    },
  }
}
