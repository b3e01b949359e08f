import type { DialectName } from '../../../strangler/core/sync-words.ts'
import { createMariaDatabase, openConnection } from '../../support/mariadb.ts'
import { createTestDatabase, openClient } from '../../support/postgres.ts'

export type TextRow = Record<string, string | null>

/** A database with an application that lives in another time zone than the kit, and with the server's own habits. */
export interface AppDatabase {
  readonly dialect: DialectName
  readonly url: string
  run(sql: string): Promise<TextRow[]>
  /** Past guards and capture, as an applier. */
  runPast(sql: string): Promise<void>
  drop(): Promise<void>
}

export function openApp(dialect: DialectName, name: string): Promise<AppDatabase> {
  return dialect === 'postgres' ? openPostgres(name) : openMaria(name)
}

async function openPostgres(name: string): Promise<AppDatabase> {
  const database = await createTestDatabase(name)
  const setUp = await openClient(database.url)
  const own = new URL(database.url).pathname.slice(1)
  // What an operator may have set: no value may depend on it.
  for (const setting of ["TimeZone = 'Asia/Kathmandu'", 'extra_float_digits = 0', "bytea_output = 'escape'"])
    await setUp.query(`ALTER DATABASE ${own} SET ${setting}`)
  await setUp.end()
  const types = { getTypeParser: () => (value: unknown) => value }
  const client = await openClient(database.url, { types })
  // For the test's own eyes.
  await client
    .query("SET extra_float_digits = 1; SET bytea_output = 'hex'; SET lc_monetary = 'en_US.UTF-8'")
    .catch(() => client.query("SET extra_float_digits = 1; SET bytea_output = 'hex'"))
  return {
    dialect: 'postgres',
    url: database.url,
    run: async (sql) => (await client.query<TextRow>(sql)).rows,
    async runPast(sql) {
      await client.query(`BEGIN; SELECT set_config('strangler.apply', '1', true)`)
      await client.query(sql)
      await client.query('COMMIT')
    },
    async drop() {
      await client.end()
      await database.drop()
    },
  }
}

async function openMaria(name: string): Promise<AppDatabase> {
  const database = await createMariaDatabase(name)
  const connection = await openConnection(database.url, {
    charset: 'utf8mb4',
    typeCast: (field) => field.string(),
  })
  await connection.query("SET time_zone = '+05:30', sql_mode = ''")
  const run = async (sql: string) => {
    const [rows] = await connection.query(sql)
    return Array.isArray(rows) ? (rows as unknown as TextRow[]) : []
  }
  return {
    dialect: 'mariadb',
    url: database.url,
    run,
    async runPast(sql) {
      await run('SET @strangler_apply = 1')
      await run(sql)
      await run('SET @strangler_apply = NULL')
    },
    async drop() {
      await connection.end()
      await database.drop()
    },
  }
}
