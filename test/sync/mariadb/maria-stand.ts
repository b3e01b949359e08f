import type { Connection, TypeCast } from 'mysql2/promise'
import type { TableShape } from '../../../strangler/core/sync-words.ts'
import type { RunStatement, Statement } from '../../../strangler/sync/dialect.ts'
import { mariadbDialect as dialect } from '../../../strangler/sync/dialects/mariadb/index.ts'
import { findAncestors, introspect } from '../../../strangler/sync/dialects/mariadb/introspect.ts'
import { createMariaDatabase, openConnection } from '../../support/mariadb.ts'

export type Rows = Record<string, string | null>[]

/** A database with an application's connection, with settings of its own, and one of the kit's. */
export interface MariaStand {
  readonly name: string
  readonly url: string
  /** The application: another time zone and the server's own modes. */
  app(sql: string, params?: unknown[]): Promise<Rows>
  /** Another connection of the application. */
  connect(): Promise<Connection>
  /** The kit. */
  kit: RunStatement
  /** Runs statements without parameters, one after the other, as the kit. */
  runAll(statements: readonly string[]): Promise<void>
  /** Runs statements as the kit and gives the rows of the last. */
  runLast(statements: readonly Statement[]): Promise<Rows>
  shapes(...tables: string[]): Promise<TableShape[]>
  /** Installs capture on tables, with whatever cascades into them. */
  capture(...tables: string[]): Promise<TableShape[]>
  /** `op table key`, oldest first, and empties the log. */
  takeLog(): Promise<string[]>
  close(): Promise<void>
}

const asText: TypeCast = (field) => field.string()

export async function openMariaStand(purpose: string): Promise<MariaStand> {
  const database = await createMariaDatabase(purpose)
  const open = () => openConnection(database.url, { charset: 'utf8mb4', typeCast: asText })
  const app = await open()
  await app.query("SET time_zone = '+05:30'")
  const kit = await open()
  for (const statement of dialect.session()) await kit.query(statement)
  const others: Connection[] = []
  const run: RunStatement = async ({ sql, params }) => rowsOf(await kit.query(sql, [...params]))
  const shapes = (...tables: string[]) => introspect(run, database.name, tables)
  const runAll = async (statements: readonly string[]) => {
    for (const sql of statements) await kit.query(sql)
  }
  return {
    name: database.name,
    url: database.url,
    app: async (sql, params) => rowsOf(await app.query(sql, params)),
    async connect() {
      const connection = await open()
      others.push(connection)
      return connection
    },
    kit: run,
    runAll,
    async runLast(statements) {
      let rows: Rows = []
      for (const statement of statements) rows = await run(statement)
      return rows
    },
    shapes,
    async capture(...tables) {
      const found = await shapes(...tables)
      await runAll(dialect.captureUp(found, await findAncestors(run, database.name, found)))
      return found
    },
    async takeLog() {
      const rows = await run({
        sql: "SELECT CONCAT(op, ' ', tbl, ' ', `key`) AS entry FROM strangler_change_log ORDER BY version",
        params: [],
      })
      await kit.query('DELETE FROM strangler_change_log')
      return rows.map(({ entry }) => entry ?? '')
    },
    async close() {
      for (const connection of [app, kit, ...others]) connection.destroy()
      await database.drop()
    },
  }
}

function rowsOf([result]: [unknown, unknown]): Rows {
  return Array.isArray(result) ? (result as Rows) : []
}
