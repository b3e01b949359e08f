import { DataSource, type QueryRunner } from 'typeorm'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { DialectName } from '../core/sync-words.ts'
import { isUnknownTable } from './classify-error.ts'
import {
  type ConnectionSettings,
  mariadbOptions,
  mariadbSession,
  postgresOptions,
} from './database-options.ts'
import type { Dialect, RunStatement, Statement } from './dialect.ts'

/** A row as the dialects select it: every value is a text or null. */
export type TextRow = Record<string, string | null>

export interface TransactionOptions {
  readonly isolation?: 'READ COMMITTED' | 'REPEATABLE READ'
}

/** One of the two databases of a link, and the dialect that writes its SQL. */
export interface SyncDatabase extends Stoppable {
  readonly dialect: Dialect
  /** Also of what an older version of the kit has installed, which a transaction does not: it would end with the first try. */
  query(statement: Statement): Promise<TextRow[]>
  /** Runs `work` in one transaction on one connection; it is rolled back when `work` throws. */
  transaction<T>(work: (run: RunStatement) => Promise<T>, options?: TransactionOptions): Promise<T>
}

export interface OpenSyncDatabaseOptions {
  /** Writes the SQL of this database; `url` must be of its kind. */
  readonly dialect: Dialect
  /** Connections at most. Default 4. */
  readonly poolSize?: number
  /** The relay is always the victim: how long a statement waits for a lock (default 1,000), and runs (default 5,000). */
  readonly lockTimeoutMs?: number
  readonly statementTimeoutMs?: number
  /** Where failures of idle connections go. */
  readonly report?: ReportError
}

/** The dialect that an address asks for: postgres://, mariadb:// or mysql://. */
export function dialectNameOf(url: string): DialectName {
  const protocol = URL.canParse(url) ? new URL(url).protocol : ''
  if (protocol === 'postgres:' || protocol === 'postgresql:') return 'postgres'
  if (protocol === 'mariadb:' || protocol === 'mysql:') return 'mariadb'
  throw new Error(
    `The address of a database begins with postgres:// or mariadb://, not with ${protocol || url}`,
  )
}

/**
 * Connects to one of the two databases. Values never become JavaScript dates or numbers: what the server writes as text stays text.
 * @throws the driver's error when the database does not answer
 */
export async function openSyncDatabase(url: string, options: OpenSyncDatabaseOptions): Promise<SyncDatabase> {
  const settings = connectionSettings(url, options)
  const isPostgres = options.dialect.name === 'postgres'
  const dataSource = new DataSource(isPostgres ? postgresOptions(settings) : mariadbOptions(settings))
  await dataSource.initialize()
  if (!isPostgres) await prepareMariadb(dataSource, mariadbSession(settings))
  let stopped: Promise<void> | undefined
  return {
    dialect: options.dialect,
    query: (statement) =>
      askOlder(statement, (asked) => withRunner(dataSource, (runner) => runOn(runner, asked))),
    transaction: (work, settings) =>
      withRunner(dataSource, (runner) => runTransaction(runner, work, settings?.isolation)),
    stop() {
      stopped ??= dataSource.destroy()
      return stopped
    },
  }
}

function connectionSettings(url: string, options: OpenSyncDatabaseOptions): ConnectionSettings {
  return {
    url,
    poolSize: options.poolSize ?? 4,
    lockTimeoutMs: options.lockTimeoutMs ?? 1_000,
    statementTimeoutMs: options.statementTimeoutMs ?? 5_000,
    session: options.dialect.session?.() ?? [],
    report: options.report ?? (() => undefined),
  }
}

/** mysql2 has no hook that is waited for; what is asked of a connection first runs first. */
async function prepareMariadb(dataSource: DataSource, session: readonly string[]): Promise<void> {
  const { pool } = dataSource.driver as unknown as { pool: ConnectionEvents }
  pool.on('connection', (connection) => {
    for (const sql of session) connection.query(sql, ignoreHere)
  })
  // The one connection that there is already.
  await withRunner(dataSource, async (runner) => {
    for (const sql of session) await runner.query(sql)
  })
}

interface ConnectionEvents {
  on(
    event: 'connection',
    listener: (connection: { query(sql: string, done: () => void): void }) => void,
  ): void
}

/** A setting that the server refused shows at the open; a lost connection shows at the next statement. */
const ignoreHere = () => undefined

async function withRunner<T>(dataSource: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = dataSource.createQueryRunner()
  try {
    return await work(runner)
  } finally {
    await runner.release()
  }
}

/** Asked each time: somebody may bring it up at any moment, and what is in the newer place then counts. */
async function askOlder(statement: Statement, run: RunStatement): Promise<TextRow[]> {
  try {
    return await run(statement)
  } catch (error) {
    if (statement.older === undefined || !isUnknownTable(error)) throw error
    return run({ sql: statement.older, params: statement.params })
  }
}

async function runOn(runner: QueryRunner, statement: Statement): Promise<TextRow[]> {
  // Structured: otherwise TypeORM answers an UPDATE with another shape than a SELECT.
  const result = await runner.query(statement.sql, [...statement.params], true)
  return Array.isArray(result.records) ? result.records : []
}

async function runTransaction<T>(
  runner: QueryRunner,
  work: (run: RunStatement) => Promise<T>,
  isolation: TransactionOptions['isolation'],
): Promise<T> {
  await runner.startTransaction(isolation)
  try {
    const result = await work((statement) => runOn(runner, statement))
    await runner.commitTransaction()
    return result
  } catch (error) {
    // A lost connection has rolled back already; what `work` threw says more than that.
    await runner.rollbackTransaction().catch(() => undefined)
    throw error
  }
}
