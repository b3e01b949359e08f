import type { ApplierNotice } from '../core/sync-words.ts'
import type { SyncDatabase } from './database.ts'
import { mariadbDialect } from './dialects/mariadb/index.ts'
import { postgresDialect } from './dialects/postgres/index.ts'

/** A database that nobody here can reach, by what its applier says of it: it has shapes, and answers nothing. */
export function describeDatabase({ dialect, tables }: ApplierNotice): SyncDatabase {
  const full = dialect === 'postgres' ? postgresDialect : mariadbDialect
  const unreachable = () =>
    Promise.reject(new Error('The kit has no address of this database: the service applies for itself.'))
  return {
    dialect: {
      ...full,
      introspect: async (_run, _schema, names) => tables.filter(({ name }) => names.includes(name)),
    },
    query: unreachable,
    transaction: unreachable,
    stop: async () => undefined,
  }
}
