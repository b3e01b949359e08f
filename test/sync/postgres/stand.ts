import type { CellText, ChangeEntry, TableShape } from '../../../strangler/core/sync-words.ts'
import type { Statement, TableColumns } from '../../../strangler/sync/dialect.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { createTestDatabase, openClient } from '../../support/postgres.ts'

export type TextRow = Record<string, string | null>

/** One session of a test database. Values come as PostgreSQL's own text: no parser of the driver touches them. */
export interface Session {
  query(sql: string, params?: readonly unknown[]): Promise<TextRow[]>
  run(statement: Statement): Promise<TextRow[]>
  /** One after the other, each a transaction of its own. */
  runAll(statements: readonly string[]): Promise<void>
  end(): Promise<void>
}

export interface Stand {
  readonly url: string
  /** A session as an application opens it: with the server's settings. */
  open(): Promise<Session>
  /** A session as the kit opens it. */
  openKit(): Promise<Session>
  drop(): Promise<void>
}

export async function createStand(name: string): Promise<Stand> {
  const database = await createTestDatabase(name)
  const open = () => openSession(database.url)
  return {
    url: database.url,
    open,
    openKit: async () => {
      const session = await open()
      await session.runAll(postgresDialect.session())
      return session
    },
    drop: database.drop,
  }
}

async function openSession(url: string): Promise<Session> {
  const client = await openClient(url, {
    // A test that waits for a lock for ever would say nothing.
    options: '-c lock_timeout=8s',
    types: { getTypeParser: () => (value: unknown) => value },
  })
  const query: Session['query'] = async (sql, params = []) =>
    (await client.query<TextRow>(sql, [...params])).rows
  return {
    query,
    run: ({ sql, params }) => query(sql, params),
    runAll: async (statements) => {
      for (const sql of statements) await query(sql)
    },
    end: () => client.end(),
  }
}

export async function shapeOf(session: Session, table: string, schema = 'public'): Promise<TableShape> {
  const [shape] = await postgresDialect.introspect(session.run, schema, [table])
  if (shape === undefined) throw new Error(`There is no table ${schema}.${table}`)
  return shape
}

/** Every column that can be written. */
export function allColumns(table: TableShape): TableColumns {
  return {
    table,
    columns: table.columns.filter((column) => !column.generated).map((column) => column.name),
  }
}

export function toEntry(table: TableShape, row: TextRow, width: number): ChangeEntry {
  const cells: CellText[] = Array.from({ length: width }, (_, index) => row[`c${index}`] ?? null)
  return {
    table: table.name,
    key: row['key'] ?? '',
    version: row['version'] ?? '',
    row: row['present'] === null ? null : cells,
  }
}

/** What an applier does with a job, in short: claim, upsert, delete; for one table. */
export async function applyEntries(
  session: Session,
  columns: TableColumns,
  entries: readonly ChangeEntry[],
  epoch = 1,
): Promise<string[]> {
  await session.query('BEGIN')
  try {
    const claimed = await claimAndWrite(session, columns, entries, epoch)
    await session.query('COMMIT')
    return claimed
  } catch (error) {
    await session.query('ROLLBACK')
    throw error
  }
}

async function claimAndWrite(
  session: Session,
  columns: TableColumns,
  entries: readonly ChangeEntry[],
  epoch: number,
): Promise<string[]> {
  for (const statement of postgresDialect.beginApply([columns.table.name])) await session.run(statement)
  let claimed: TextRow[] = []
  for (const statement of postgresDialect.claim(entries, epoch)) claimed = await session.run(statement)
  const keys = new Set(claimed.map((row) => row['key']))
  const chosen = entries.filter((entry) => keys.has(entry.key))
  const present = chosen.filter((entry) => entry.row !== null)
  const absent = chosen.filter((entry) => entry.row === null)
  if (absent.length > 0) {
    await session.run(
      postgresDialect.deleteRows(
        columns.table,
        absent.map((entry) => entry.key),
      ),
    )
  }
  if (present.length > 0) await session.run(postgresDialect.upsert(columns, present))
  return [...keys].map(String).sort()
}
