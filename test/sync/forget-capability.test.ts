import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasKitTable, kitTable } from '../../strangler/sync/bookkeeping.ts'
import { createDatabaseCheckpoints } from '../../strangler/sync/checkpoint-store.ts'
import { openSyncDatabase, type SyncDatabase } from '../../strangler/sync/database.ts'
import { mariadbDialect } from '../../strangler/sync/dialects/mariadb/index.ts'
import { postgresDialect } from '../../strangler/sync/dialects/postgres/index.ts'
import { beginUninstall } from '../../strangler/sync/fencing-token.ts'
import { uninstallSide } from '../../strangler/sync/install-sync.ts'
import { createMariaDatabase, openConnection } from '../support/mariadb.ts'
import { requireProgram } from '../support/optional.ts'
import { createTestDatabase, openClient } from '../support/postgres.ts'

const mariadbd = await requireProgram('mariadb')

describe.each(['postgres', 'mariadb'] as const)('what %s keeps by capability', (kind) => {
  const isMissing = kind === 'mariadb' && mariadbd === undefined
  let database: SyncDatabase
  let url = ''
  let drop: (() => Promise<void>) | undefined
  beforeAll(async () => {
    if (isMissing) return
    const made = await (kind === 'postgres' ? createTestDatabase('forget') : createMariaDatabase('forget'))
    drop = made.drop
    url = made.url
    const dialect = kind === 'postgres' ? postgresDialect : mariadbDialect
    database = await openSyncDatabase(made.url, { dialect })
    for (const sql of dialect.targetUp()) await database.query({ sql, params: [] })
  })
  afterAll(async () => {
    await database?.stop()
    await drop?.()
  })

  test.skipIf(isMissing)(
    'goes with its uninstall, and nothing of a capability whose names hold the same words',
    async () => {
      const store = createDatabaseCheckpoints(database)
      const others = [
        'backfill:shop:forward:3',
        'cutover:shop:token',
        'peer:forward-shop:other',
        'verify:shop:forward:3',
        // Of this capability, and there to outlive it.
        'released::forward',
      ]
      const own = [
        'backfill:forward:reverse:2',
        'cutover:forward:token',
        'peer:forward:other',
        'watch:forward:3',
      ]
      for (const name of [...others, ...own]) await store.write(name, '7')
      const capability = 'forward'
      const fenced = await beginUninstall(database, capability)
      await uninstallSide(database, { capability, shapes: [], deadline: Date.now() + 10_000, fenced })
      const left = []
      for (const name of [...others, ...own]) if ((await store.read(name)) !== undefined) left.push(name)
      expect(left).toEqual(others)
    },
  )

  test.skipIf(isMissing)('goes also when somebody reads the table of its fence at that moment', async () => {
    const [capability, table] = ['last', kitTable(kind, 'checkpoint')]
    await database.query({ sql: `DELETE FROM ${table}`, params: [] })
    const fenced = await beginUninstall(database, capability)
    const reader = await openReader(kind, url)
    await reader.run(`SELECT 1 FROM ${table}`)
    const uninstalled = uninstallSide(database, {
      ...{ capability, shapes: [], fenced },
      deadline: Date.now() + 20_000,
    })
    // It has tried more than once by then.
    await delay(500)
    await reader.end()
    await uninstalled
    expect(await hasKitTable(database, 'checkpoint')).toBe(false)
  })
})

/** Keeps a transaction open. */
async function openReader(kind: 'postgres' | 'mariadb', url: string) {
  if (kind === 'postgres') {
    const client = await openClient(url)
    await client.query('BEGIN')
    return { run: (sql: string) => client.query(sql), end: () => client.end() }
  }
  const connection = await openConnection(url)
  await connection.query('BEGIN')
  return { run: (sql: string) => connection.query(sql), end: () => connection.end() }
}
