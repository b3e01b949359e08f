import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SyncDatabase } from '../../../strangler/sync/database.ts'
import { openSyncDatabase } from '../../../strangler/sync/database.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { type RestartableServer, startPostgres } from '../simulation/restartable-servers.ts'

const { intake } = postgresDialect
let server: RestartableServer
let database: SyncDatabase | undefined
const ask = async (sql: string) => (await database?.query({ sql, params: [] })) ?? []
const open = async () => {
  database = await openSyncDatabase(server.url, { dialect: postgresDialect })
}
const crash = async () => {
  await server.kill()
  await database?.stop()
  await server.start()
  await open()
}
const readPlaces = () =>
  ask(`SELECT 'intake' AS place, version, key FROM strangler.change_intake
UNION ALL SELECT 'log', version, key FROM strangler.change_log ORDER BY version`)

beforeAll(async () => {
  server = await startPostgres()
  await open()
  await ask('CREATE TABLE stock (id int PRIMARY KEY, n int)')
  const [stock] = await postgresDialect.introspect((statement) => database!.query(statement), 'public', [
    'stock',
  ])
  for (const sql of postgresDialect.captureUp([stock!])) await ask(sql)
  // What nobody waits for stays in memory until the server is killed.
  await ask(`ALTER SYSTEM SET wal_writer_delay = '10s'`)
  await crash()
}, 120_000)
afterAll(async () => {
  await database?.stop()
  await server.stop()
})

test('a server that is killed right after a move has each entry once, where it was before', async () => {
  await ask('INSERT INTO stock SELECT n, n FROM generate_series(1, 50) n')
  const before = await readPlaces()
  expect(before).toHaveLength(50)
  expect(await database!.query(intake.move(0, 1_000))).toMatchObject([{ moved: '50' }])
  await crash()
  expect(await readPlaces()).toEqual(before)
}, 60_000)

test('what was acknowledged after a move, and on the disk, does not come back, and what was not does not go', async () => {
  await database!.query(intake.move(0, 1_000))
  const moved = await readPlaces()
  expect(new Set(moved.map(({ place }) => place))).toEqual(new Set(['log']))
  await ask(
    `DELETE FROM strangler.change_log WHERE key IN (SELECT key FROM strangler.change_log ORDER BY version LIMIT 20)`,
  )
  await crash()
  expect(await readPlaces()).toEqual(moved.slice(20))
}, 60_000)

test('negative control: a move in two transactions, of which the second is not waited for, loses what it has taken out', async () => {
  await ask('INSERT INTO stock SELECT n, n FROM generate_series(101, 110) n')
  const taken = await ask('DELETE FROM strangler.change_intake RETURNING version, key')
  expect(taken).toHaveLength(10)
  await ask(`SET synchronous_commit = off; INSERT INTO strangler.change_log (version, tbl, key, op, at)
VALUES ${taken.map(({ version, key }) => `(${version}, 'stock', '${key}', 'I', now())`).join(', ')}`)
  await crash()
  const keys = (await readPlaces()).map(({ key }) => key)
  expect(keys.filter((key) => taken.some((one) => one['key'] === key))).toEqual([])
}, 60_000)
