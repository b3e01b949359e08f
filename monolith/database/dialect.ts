import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm'

const CONNECT_TIMEOUT_MS = 5_000

/** The schemes that --database-url may have. */
export const DATABASE_SCHEMES = ['postgres', 'postgresql', 'mariadb', 'mysql'] as const

/** How to reach a database, by the scheme of its URL. */
export function connectionOptions(databaseUrl: string, applicationName: string) {
  const scheme = new URL(databaseUrl).protocol.slice(0, -1)
  if (scheme === 'mariadb' || scheme === 'mysql') {
    // mysql2 knows the scheme mysql only. Times are written and read as UTC, wherever the process runs.
    const url = databaseUrl.replace(/^mariadb:/, 'mysql:')
    return { type: 'mariadb', url, connectTimeout: CONNECT_TIMEOUT_MS, timezone: 'Z' } as const
  }
  return {
    type: 'postgres',
    url: databaseUrl,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    applicationName,
  } as const
}

/** The entities are written for PostgreSQL; the one type that MariaDB lacks is replaced. */
export function useDialectTypes(entities: readonly EntitySchema<never>[], dialect: 'postgres' | 'mariadb') {
  if (dialect === 'postgres') return [...entities]
  return entities.map(({ options }) => {
    const columns = Object.fromEntries(
      Object.entries<EntitySchemaColumnOptions>(options.columns).map(([name, column]) => [
        name,
        { ...column, type: column.type === 'timestamptz' ? 'datetime' : column.type } as const,
      ]),
    )
    return new EntitySchema({ ...options, columns }) as EntitySchema<never>
  })
}
