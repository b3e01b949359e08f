import { TABLES } from './shop-schema.ts'
import { inDialect, kitTable, type Side } from './side.ts'

const KIT = ['applied', 'floor', 'quarantine', 'sync_state']

const tablesOf = ({ dialect }: Side) => [...TABLES, ...KIT.map((name) => kitTable(dialect, name))]
const copyOf = (table: string) => `backup_${table.replace('.', '_')}`

/** Sets the whole target aside, the kit's tables with it, as a backup of that database does. */
export async function backUp(side: Side): Promise<void> {
  for (const table of tablesOf(side))
    await side.run(`CREATE TABLE ${copyOf(table)} AS SELECT * FROM ${table}`)
}

/** Puts everything back to the moment of the backup. */
export async function restore(side: Side): Promise<void> {
  const session = await side.connect()
  const past = inDialect(side.dialect, {
    postgres: ["SET strangler.apply = '1'", "SET session_replication_role = 'replica'"],
    mariadb: ['SET @strangler_apply = 1', 'SET foreign_key_checks = 0'],
  })
  for (const sql of [...past, 'BEGIN']) await session.run(sql)
  for (const table of tablesOf(side)) {
    await session.run(`DELETE FROM ${table}`)
    await session.run(`INSERT INTO ${table} SELECT * FROM ${copyOf(table)}`)
  }
  await session.run('COMMIT')
  await session.end()
}
