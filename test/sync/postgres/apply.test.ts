import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ChangeEntry } from '../../../strangler/core/sync-words.ts'
import type { TableColumns } from '../../../strangler/sync/dialect.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { allColumns, applyEntries, createStand, type Session, type Stand, shapeOf } from './stand.ts'

let stand: Stand
let kit: Session
let other: Session
let columns: TableColumns

beforeAll(async () => {
  stand = await createStand('apply')
  kit = await stand.openKit()
  other = await stand.openKit()
  await kit.query('CREATE TABLE stock (id bigint PRIMARY KEY, name text, code text UNIQUE)')
  columns = allColumns(await shapeOf(kit, 'stock'))
  await kit.runAll([...postgresDialect.targetUp(), ...postgresDialect.guard(columns.table, 'reject')])
})

beforeEach(async () => {
  await kit.query('BEGIN')
  await kit.query("SET LOCAL strangler.apply = '1'")
  await kit.query('DELETE FROM stock')
  await kit.query('COMMIT')
  await kit.query('TRUNCATE strangler.applied, strangler.floor')
})

afterAll(async () => {
  await kit.end()
  await other.end()
  await stand.drop()
})

const entry = (id: number, version: number | string, name: string | null): ChangeEntry => ({
  table: 'stock',
  key: `["${id}"]`,
  version: String(version),
  row: name === null ? null : [String(id), name, null],
})

const readNames = async () =>
  (await kit.query('SELECT id, name FROM stock ORDER BY id')).map((row) => `${row['id']} ${row['name']}`)

async function applyTruncate(session: Session, version: number, epoch = 1): Promise<void> {
  const truncated = { table: 'stock', key: '', version: String(version), row: null, truncate: true } as const
  await session.query('BEGIN')
  for (const statement of postgresDialect.beginApply(['stock'])) await session.run(statement)
  for (const statement of postgresDialect.truncate(columns.table, truncated, epoch))
    await session.run(statement)
  await session.query('COMMIT')
}

test('only what is strictly newer is applied: doubled, reordered and late entries do nothing', async () => {
  expect(await applyEntries(kit, columns, [entry(1, 10, 'ten'), entry(2, 10, 'b')])).toEqual([
    '["1"]',
    '["2"]',
  ])
  expect(await applyEntries(kit, columns, [entry(1, 10, 'doubled'), entry(2, 11, 'c')])).toEqual(['["2"]'])
  expect(await applyEntries(kit, columns, [entry(1, 9, 'late')])).toEqual([])
  expect(await readNames()).toEqual(['1 ten', '2 c'])
})

test('a deleted row does not come back with an older entry', async () => {
  await applyEntries(kit, columns, [entry(1, 10, 'a')])
  await applyEntries(kit, columns, [entry(1, 20, null)])
  expect(await applyEntries(kit, columns, [entry(1, 15, 'from the backfill')])).toEqual([])
  expect(await applyEntries(kit, columns, [entry(1, 0, 'from the backfill')])).toEqual([])
  expect(await readNames()).toEqual([])
  // The broken twin forgets what it deleted.
  await kit.query('DELETE FROM strangler.applied WHERE deleted')
  await applyEntries(kit, columns, [entry(1, 15, 'back again')])
  expect(await readNames()).toEqual(['1 back again'])
})

test('a new epoch outranks every version of the one before, and an older epoch none', async () => {
  await applyEntries(kit, columns, [entry(1, '9007199254740993', 'before the restore')], 1)
  expect(await applyEntries(kit, columns, [entry(1, '9007199254740992', 'late')], 1)).toEqual([])
  await applyEntries(kit, columns, [entry(1, 0, 'after the restore')], 2)
  expect(await applyEntries(kit, columns, [entry(1, '9007199254740999', 'late')], 1)).toEqual([])
  expect(await readNames()).toEqual(['1 after the restore'])
})

test('of one key twice in a batch the newest counts', async () => {
  await applyEntries(kit, columns, [entry(1, 12, 'newest'), entry(1, 9, 'old'), entry(1, 11, 'older')])
  expect(await readNames()).toEqual(['1 newest'])
})

test('two appliers that get the same entries at once write them once, and neither fails', async () => {
  const batch = Array.from({ length: 200 }, (_, id) => entry(id, 5, `n${id}`))
  const claims = await Promise.all([
    applyEntries(kit, columns, batch),
    applyEntries(other, columns, batch.toReversed()),
  ])
  expect(claims[0].length + claims[1].length).toBe(200)
  expect(await readNames()).toHaveLength(200)
})

test('TRUNCATE takes what is not newer, leaves what is, and refuses what arrives late', async () => {
  await applyEntries(kit, columns, [
    entry(1, 10, 'old'),
    entry(2, 30, 'inserted after the TRUNCATE'),
    entry(3, 15, null),
  ])
  await applyTruncate(kit, 20)
  expect(await readNames()).toEqual(['2 inserted after the TRUNCATE'])
  expect(
    await applyEntries(kit, columns, [entry(1, 19, 'late'), entry(4, 0, 'backfill'), entry(3, 16, 'x')]),
  ).toEqual([])
  expect(await applyEntries(kit, columns, [entry(1, 21, 'new')])).toEqual(['["1"]'])
  await applyTruncate(kit, 20)
  await applyTruncate(kit, 5)
  expect(await readNames()).toEqual(['1 new', '2 inserted after the TRUNCATE'])
  expect(await kit.query('SELECT epoch, version FROM strangler.floor')).toEqual([
    { epoch: '1', version: '20' },
  ])
})

test('a TRUNCATE waits for a claim that has not written its rows yet, and then takes them', async () => {
  await kit.query('BEGIN')
  for (const statement of postgresDialect.beginApply(['stock'])) await kit.run(statement)
  for (const statement of postgresDialect.claim([entry(1, 10, 'in flight')], 1)) await kit.run(statement)
  let isDone = false
  const truncating = applyTruncate(other, 20).then(() => {
    isDone = true
  })
  const waiting = "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
  await expect.poll(async () => (await kit.query(waiting))[0]?.['n']).toBe('1')
  expect(isDone).toBe(false)
  await kit.run(postgresDialect.upsert(columns, [entry(1, 10, 'in flight')]))
  await kit.query('COMMIT')
  await truncating
  expect(await readNames()).toEqual([])
})

test('a unique value that is taken fails the upsert by its own code; by primary key only, no other row is overwritten', async () => {
  const coded = (id: number, version: number, code: string): ChangeEntry => ({
    ...entry(id, version, 'x'),
    row: [String(id), 'x', code],
  })
  await applyEntries(kit, columns, [coded(1, 1, 'A')])
  await expect(applyEntries(kit, columns, [coded(2, 2, 'A')])).rejects.toMatchObject({ code: '23505' })
  expect(await kit.query("SELECT id FROM stock WHERE code = 'A'")).toEqual([{ id: '1' }])
})

test('a row that was written for other columns is refused', () => {
  expect(() => postgresDialect.upsert(columns, [{ ...entry(1, 1, 'x'), row: ['1'] }])).toThrow(
    /has no cell 1/,
  )
})

test('a table of nothing but its key can be written twice', async () => {
  await kit.query('CREATE TABLE tags (a int, b text, PRIMARY KEY (a, b))')
  const tags = allColumns(await shapeOf(kit, 'tags'))
  const row: ChangeEntry = { table: 'tags', key: '["1","x"]', version: '1', row: ['1', 'x'] }
  for (const version of ['1', '2']) await applyEntries(kit, tags, [{ ...row, version }])
  expect(await kit.query('SELECT * FROM tags')).toEqual([{ a: '1', b: 'x' }])
})

test('one connection applies many rows a second, since a job is a few statements and not one a row', async () => {
  const rows = 20_000
  const batches = Array.from({ length: rows / 500 }, (_, batch) =>
    Array.from({ length: 500 }, (_, row) => entry(batch * 500 + row, 1, `name ${row} "quoted"`)),
  )
  const started = performance.now()
  for (const batch of batches) await applyEntries(kit, columns, batch)
  const perSecond = rows / ((performance.now() - started) / 1000)
  process.stderr.write(`applied ${Math.round(perSecond)} rows/s on one connection\n`)
  // A shared machine under test must not fail for being busy; the benchmark holds the target itself, which is 20,000.
  expect(perSecond).toBeGreaterThan(2_000)
  expect(await readNames()).toHaveLength(rows)
})
