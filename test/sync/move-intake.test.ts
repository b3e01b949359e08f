import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openSyncDatabase, type SyncDatabase } from '../../strangler/sync/database.ts'
import { postgresDialect } from '../../strangler/sync/dialects/postgres/index.ts'
import { createSourceEnd, createTargetEnd } from '../../strangler/sync/link.ts'
import { compileMapping } from '../../strangler/sync/mapping.ts'
import { createIntakeMover } from '../../strangler/sync/move-intake.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { createMemoryTransport } from './simulation/memory-transport.ts'

const WAIT = { timeout: 30_000, interval: 50 }
let releases: (() => Promise<unknown>)[] = []
let reports: [string, string][] = []
let source: SyncDatabase
let target: SyncDatabase
const ask = (database: SyncDatabase, sql: string, ...params: unknown[]) => database.query({ sql, params })
const count = async (place: string) =>
  Number((await ask(source, `SELECT count(*) AS n FROM strangler.${place}`))[0]?.['n'])
const shapeOf = async (database: SyncDatabase) =>
  (await postgresDialect.introspect(database.query, 'public', ['stock']))[0]!

beforeEach(async () => {
  ;[releases, reports] = [[], []]
  const open = async (name: string) => {
    const made = await createTestDatabase(name)
    const database = await openSyncDatabase(made.url, { dialect: postgresDialect })
    releases.push(made.drop, database.stop)
    await ask(database, 'CREATE TABLE stock (id bytea PRIMARY KEY, n int)')
    return database
  }
  source = await open('move_source')
  target = await open('move_target')
  for (const sql of postgresDialect.captureUp([await shapeOf(source)])) await ask(source, sql)
  for (const sql of postgresDialect.targetUp()) await ask(target, sql)
}, 60_000)
afterEach(async () => {
  for (const release of releases.toReversed()) await release()
})

async function start() {
  const routes = [compileMapping({ table: 'stock' }, await shapeOf(source), await shapeOf(target)).forward]
  const basis = {
    ...({ capability: 'shop', installation: 'test', direction: 'forward', epoch: 1, routes } as const),
    transport: createMemoryTransport(),
    report: (operation: string, error: unknown) => void reports.push([operation, String(error)]),
  }
  const ends = {
    source: createSourceEnd({ ...basis, source }),
    target: createTargetEnd({ ...basis, target }),
  }
  releases.push(ends.source.stop, ends.target.stop)
  await Promise.all([ends.source.start(), ends.target.start()])
  return ends
}

test('while the sync is paused entries still go into the log, and nothing else happens to them', async () => {
  const ends = await start()
  await ends.source.pause()
  // A round that had begun is over by then.
  await delay(1_000)
  await ask(source, "INSERT INTO stock VALUES ('a', 1)")
  await vi.waitFor(async () => expect(await count('change_log')).toBe(1), WAIT)
  expect(await count('change_intake')).toBe(0)
  expect(await ends.source.status()).toMatchObject({ entries: 1 })
  expect(await ask(target, 'SELECT FROM stock')).toEqual([])
  await ends.source.resume()
  await vi.waitFor(async () => expect(await count('changes')).toBe(0), WAIT)
  expect(reports).toEqual([])
})

test('what is written where older entries have been arrives too, however long the place is and however little is looked through at once', async () => {
  const mover = createIntakeMover({
    source,
    report: (operation, error) => void reports.push([operation, String(error)]),
    blocksAtOnce: 3,
  })
  await ask(source, 'INSERT INTO stock SELECT int4send(n), n FROM generate_series(1, 3000) n')
  const empty = async () => {
    await vi.waitFor(async () => {
      await mover.move()
      expect(await count('change_intake')).toBe(0)
    }, WAIT)
  }
  await empty()
  await ask(source, "INSERT INTO stock VALUES ('last', 1)")
  await ask(source, 'VACUUM (TRUNCATE false) strangler.change_intake')
  await ask(source, 'INSERT INTO stock SELECT int4send(n), n FROM generate_series(3001, 3100) n')
  const [early] = await ask(
    source,
    'SELECT min((ctid::text::point)[0]::int) AS block FROM strangler.change_intake',
  )
  expect(Number(early?.['block'])).toBeLessThan(3)
  await empty()
  expect(await count('change_log')).toBe(3_101)
  expect(reports).toEqual([])
})

test('a row whose key is too long is told of, and the others arrive', async () => {
  const id = randomBytes(2_500)
  await ask(source, "INSERT INTO stock VALUES (decode($1, 'hex'), 1)", id.toString('hex'))
  await ask(source, "INSERT INTO stock VALUES ('short', 2)")
  const ends = await start()
  await vi.waitFor(async () => {
    expect(await ask(target, 'SELECT n FROM stock')).toEqual([{ n: '2' }])
    expect(reports).toEqual([['sync.intake', expect.stringContaining('stock ["')]])
  }, WAIT)
  // It waits, so that nobody takes the other side for a copy; what has arrived is acknowledged a moment later.
  await vi.waitFor(async () => expect(await ends.source.status()).toMatchObject({ entries: 1 }), WAIT)
})

test('in thirty thousand entries the moves keep pace with the relay, which loses none of them', async () => {
  await ask(source, 'INSERT INTO stock SELECT int4send(n), n FROM generate_series(1, 30000) n')
  await start()
  await vi.waitFor(async () => expect(await count('changes')).toBe(0), { ...WAIT, timeout: 120_000 })
  expect(await ask(target, 'SELECT count(*) AS n FROM stock')).toEqual([{ n: '30000' }])
}, 150_000)
