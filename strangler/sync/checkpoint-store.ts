import { at, kitTable } from './bookkeeping.ts'
import type { SyncDatabase, TextRow } from './database.ts'

/** Where long work keeps how far it has come, by name. */
export interface CheckpointStore {
  read(name: string): Promise<string | undefined>
  write(name: string, state: string): Promise<void>
  remove(name: string): Promise<void>
  /** Writes only where it still is `before` (undefined: not there); false when somebody was faster. */
  replace(name: string, before: string | undefined, state: string): Promise<boolean>
}

/** Runs statements about the kit's table of checkpoints in one of the synced databases, which is made before the first. */
export function createCheckpointTable(
  database: SyncDatabase,
): (sql: string, params?: readonly unknown[]) => Promise<TextRow[]> {
  const table = kitTable(database.dialect.name, 'checkpoint')
  let made: Promise<unknown> | undefined
  const make = () =>
    database.query({
      sql: `CREATE TABLE IF NOT EXISTS ${table} (name varchar(200) PRIMARY KEY, state text NOT NULL)`,
      params: [],
    })
  return async (sql, params = []) => {
    made ??= make()
    await made.catch((error) => {
      made = undefined
      throw error
    })
    try {
      return await database.query({ sql, params })
    } catch (error) {
      // Another capability's uninstall may have taken it away, being empty.
      made = undefined
      throw error
    }
  }
}

export function createDatabaseCheckpoints(database: SyncDatabase): CheckpointStore {
  const dialect = database.dialect.name
  const table = kitTable(dialect, 'checkpoint')
  const [first, second] = [at(dialect, 1), at(dialect, 2)]
  const run = createCheckpointTable(database)
  return {
    async read(name) {
      const [row] = await run(`SELECT state FROM ${table} WHERE name = ${first}`, [name])
      return row?.['state'] ?? undefined
    },
    async write(name, state) {
      const conflict =
        dialect === 'postgres'
          ? 'ON CONFLICT (name) DO UPDATE SET state = excluded.state'
          : 'ON DUPLICATE KEY UPDATE state = VALUES(state)'
      await run(`INSERT INTO ${table} (name, state) VALUES (${first}, ${second}) ${conflict}`, [name, state])
    },
    async replace(name, before, state) {
      // To make the table sure, and a line that can be locked.
      const unlessThere =
        dialect === 'postgres' ? 'ON CONFLICT DO NOTHING' : 'ON DUPLICATE KEY UPDATE name = name'
      if (before === undefined)
        await run(`INSERT INTO ${table} (name, state) VALUES (${first}, '') ${unlessThere}`, [name])
      return database.transaction(async (runInside) => {
        const [row] = await runInside({
          sql: `SELECT state FROM ${table} WHERE name = ${first} FOR UPDATE`,
          params: [name],
        })
        if (row?.['state'] !== (before ?? '')) return false
        await runInside({
          sql: `UPDATE ${table} SET state = ${first} WHERE name = ${second}`,
          params: [state, name],
        })
        return true
      })
    },
    async remove(name) {
      await run(`DELETE FROM ${table} WHERE name = ${first}`, [name])
    },
  }
}
