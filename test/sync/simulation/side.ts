import { createConnection } from 'mysql2/promise'
import pg from 'pg'
import type { DialectName } from '../../../strangler/core/sync-words.ts'
import { createMariaDatabase } from '../../support/mariadb.ts'
import { createTestDatabase } from '../../support/postgres.ts'

export type Row = Record<string, string | null>

/** A connection of an application, or of the test's own eyes: nothing of the kit is in its way. */
export interface Session {
  /** `?` marks a parameter in both dialects; every value comes as text. */
  run(sql: string, params?: readonly unknown[]): Promise<Row[]>
  end(): Promise<void>
  /** The server's number of it. */
  readonly id: string
}

/** One of the two databases. */
export interface Side {
  readonly dialect: DialectName
  readonly url: string
  connect(): Promise<Session>
  /** A statement on a connection of its own. */
  run(sql: string, params?: readonly unknown[]): Promise<Row[]>
  drop(): Promise<void>
}

export async function createSide(dialect: DialectName, name: string): Promise<Side> {
  const database = dialect === 'postgres' ? await createTestDatabase(name) : await createMariaDatabase(name)
  return openSide(dialect, database.url, database.drop)
}

/** A database that is there already. */
export function openSide(dialect: DialectName, url: string, drop: () => Promise<void>): Side {
  const connect = () => (dialect === 'postgres' ? connectPostgres(url) : connectMariadb(url))
  async function run(sql: string, params: readonly unknown[] = []) {
    const session = await connect()
    try {
      return await session.run(sql, params)
    } finally {
      await session.end()
    }
  }
  return {
    dialect,
    url,
    connect,
    run,
    drop,
  }
}

/** Picks the text that a database of this dialect understands. */
export function inDialect<T>(dialect: DialectName, texts: { readonly [name in DialectName]: T }): T {
  return texts[dialect]
}

/** The name of one of the kit's tables. */
export function kitTable(dialect: DialectName, name: string): string {
  return inDialect(dialect, { postgres: `strangler.${name}`, mariadb: `strangler_${name}` })
}

/** Where every entry that waits is seen. */
export function changesOf({ dialect }: Pick<Side, 'dialect'>): string {
  return inDialect(dialect, { postgres: 'strangler.changes', mariadb: 'strangler_change_log' })
}

async function connectPostgres(url: string): Promise<Session> {
  const client = new pg.Client({
    connectionString: url,
    types: { getTypeParser: () => (text: string) => text },
  })
  // A server that is killed takes its connections along; the next statement says so.
  client.on('error', () => undefined)
  await client.connect()
  await client.query("SET lock_timeout = '1s'")
  return {
    async run(sql, params = []) {
      const parts = sql.split('?')
      const text = parts
        .slice(1)
        .reduce((begun, part, index) => `${begun}$${index + 1}${part}`, parts[0] ?? '')
      const result = await client.query<Row>(text, [...params])
      return result.rows ?? []
    },
    end: () => client.end(),
    id: String((await client.query<Row>('SELECT pg_backend_pid() AS id')).rows[0]?.['id']),
  }
}

async function connectMariadb(url: string): Promise<Session> {
  const connection = await createConnection({
    uri: url.replace(/^mariadb:/, 'mysql:'),
    charset: 'utf8mb4',
    typeCast: (field) => field.string(),
  })
  connection.on('error', () => undefined)
  // The application's zone is not the kit's.
  await connection.query("SET time_zone = '+05:30', innodb_lock_wait_timeout = 1")
  return {
    async run(sql, params = []) {
      const [result] = await connection.query(sql, [...params])
      return Array.isArray(result) ? (result as Row[]) : []
    },
    async end() {
      connection.destroy()
    },
    id: String(connection.threadId),
  }
}

/** PostgreSQL's SQLSTATE, and MariaDB's number and SQLSTATE. */
export function codesOf(error: unknown): string[] {
  const { code, errno, sqlState } = (error ?? {}) as Record<string, unknown>
  return [code, errno, sqlState].filter((value) => value !== undefined).map(String)
}
