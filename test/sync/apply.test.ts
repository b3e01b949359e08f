import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ChangeBatch, ChangeEntry } from '../../strangler/core/sync-words.ts'
import { type Applier, createApplier } from '../../strangler/sync/apply.ts'
import { readQuarantine } from '../../strangler/sync/bookkeeping.ts'
import { FENCE_SQLSTATE } from '../../strangler/sync/fence-refusal.ts'
import { openPair, type Pair } from './pipeline/open-pair.ts'

const TABLES = `
CREATE TABLE parent (id bigint PRIMARY KEY, code text NOT NULL UNIQUE);
CREATE TABLE child (id bigint PRIMARY KEY, parent_id bigint REFERENCES parent ON DELETE CASCADE, note varchar(5));
CREATE TABLE stamp (id bigint PRIMARY KEY REFERENCES parent DEFERRABLE INITIALLY DEFERRED);`

let pair: Pair
let applier: Applier

beforeAll(async () => {
  pair = await openPair({
    source: TABLES,
    mappings: [{ table: 'child' }, { table: 'parent' }, { table: 'stamp' }],
  })
})
afterAll(() => pair.drop())
beforeEach(async () => {
  await pair.inTarget('TRUNCATE parent, child, stamp')
  await pair.inTarget(
    'TRUNCATE strangler.applied, strangler.floor, strangler.quarantine, strangler.sync_state',
  )
  const tables = pair.routes.map((route) => route.target)
  applier = createApplier({
    ...{ capability: 'shop', installation: 'ours', target: pair.target, tables, report: pair.report },
  })
})

type Row = readonly (string | null)[] | null

const entry = (table: string, id: number, version: number, row: Row): ChangeEntry => ({
  table,
  key: JSON.stringify([String(id)]),
  version: String(version),
  row,
})
const parent = (id: number, version: number, code: string | null) =>
  entry('parent', id, version, code === null ? null : [String(id), code])
const child = (id: number, version: number, parentId: number | null, note = 'n') =>
  entry('child', id, version, parentId === null ? null : [String(id), String(parentId), note])
const batch = (...entries: ChangeEntry[]): ChangeBatch => ({
  capability: 'shop',
  installation: 'ours',
  direction: 'forward',
  epoch: 1,
  entries,
})
const rows = async (table: string) =>
  (await pair.inTarget(`SELECT ${table}::text AS row FROM ${table} ORDER BY id`)).map(({ row }) => row)

test('a job is written in one transaction, parents first, whatever its order', async () => {
  const result = await applier.apply(batch(child(1, 2, 7), parent(7, 1, 'a')))
  expect(result).toMatchObject({ done: [{ key: '["1"]' }, { key: '["7"]' }], quarantined: [] })
  expect(await rows('child')).toEqual(['(1,7,n)'])
})

test('what is not newer changes nothing and is acknowledged', async () => {
  await applier.apply(batch(parent(1, 5, 'new')))
  expect((await applier.apply(batch(parent(1, 4, 'old'))))?.done).toMatchObject([{ version: '4' }])
  expect((await applier.apply(batch(parent(1, 5, 'same'))))?.done).toHaveLength(1)
  expect(await rows('parent')).toEqual(['(1,new)'])
})

test('a delete is remembered: an older row does not come back', async () => {
  await applier.apply(batch(parent(1, 5, null)))
  await applier.apply(batch(parent(1, 4, 'ghost')))
  expect(await rows('parent')).toEqual([])
})

test('an older epoch is refused as a whole, and a newer one wins whatever its versions', async () => {
  await applier.apply({ ...batch(parent(1, 900, 'first')), epoch: 1 })
  await applier.apply({ ...batch(parent(1, 0, 'second')), epoch: 2 })
  expect(await applier.apply({ ...batch(parent(1, 999, 'late')), epoch: 1 })).toBeUndefined()
  expect(await rows('parent')).toEqual(['(1,second)'])
})

test('unique values that change places in one job are written', async () => {
  await applier.apply(batch(parent(1, 1, 'a'), parent(2, 1, 'b'), child(5, 1, 1)))
  const result = await applier.apply(batch(parent(1, 2, 'b'), parent(2, 2, 'a')))
  expect(result?.quarantined).toEqual([])
  expect(await rows('parent')).toEqual(['(1,b)', '(2,a)'])
  // The row that points to one of them was not taken along.
  expect(await rows('child')).toEqual(['(5,1,n)'])
})

test('unique values that change places over two jobs wait, and are written once they come together', async () => {
  await applier.apply(batch(parent(1, 1, 'a'), parent(2, 1, 'b')))
  const first = await applier.apply(batch(parent(1, 2, 'b')))
  expect(first).toMatchObject({ done: [], quarantined: [{ key: '["1"]', reason: 'unique' }] })
  await applier.apply(batch(parent(1, 2, 'b'), parent(2, 2, 'a')))
  expect(await rows('parent')).toEqual(['(1,b)', '(2,a)'])
})

test('a row that cannot be written blocks its own key only, is told, and leaves the quarantine when it can', async () => {
  const result = await applier.apply(
    batch(parent(1, 1, 'a'), child(1, 2, 1, 'too long'), child(2, 3, 1), child(3, 4, 9)),
  )
  expect(result?.done.map(({ key }) => key)).toEqual(['["2"]', '["1"]'])
  expect(result?.quarantined).toMatchObject([
    { table: 'child', key: '["1"]', reason: 'other', error: expect.stringContaining('too long') },
    { table: 'child', key: '["3"]', reason: 'reference' },
  ])
  const quarantine = () => pair.target.query(readQuarantine('postgres', ['child'], 10))
  await applier.apply(batch(child(1, 2, 1, 'too long')))
  expect(await quarantine()).toMatchObject([
    { key: '["1"]', attempts: '2' },
    { key: '["3"]', attempts: '1' },
  ])
  await applier.apply(batch(child(1, 5, 1, 'fits'), child(3, 6, null)))
  expect(await quarantine()).toEqual([])
})

test('a deferred violation shows in its own row too', async () => {
  const result = await applier.apply(
    batch(parent(1, 1, 'a'), entry('stamp', 1, 1, ['1']), entry('stamp', 2, 1, ['2'])),
  )
  expect(result?.quarantined).toMatchObject([{ table: 'stamp', key: '["2"]', reason: 'reference' }])
  expect(await rows('stamp')).toEqual(['(1)'])
})

// A parent that was deleted and inserted again: its delete comes late, after the child of the new one.
test('a late delete does not take a newer child away by its cascade', async () => {
  await applier.apply(batch(parent(1, 1, 'a'), child(1, 30, 1)))
  const late = await applier.apply(batch(parent(1, 10, null)))
  expect(late?.quarantined).toMatchObject([{ key: '["1"]', reason: 'reference' }])
  await applier.apply(batch(parent(1, 20, 'a')))
  expect(await rows('child')).toEqual(['(1,1,n)'])
  // Its twin: the database by itself would have.
  await pair.inTarget('DELETE FROM parent')
  expect(await rows('child')).toEqual([])
})

test('a TRUNCATE empties what is older, leaves what is newer, and holds off what comes late', async () => {
  await applier.apply(batch(parent(1, 1, 'a'), parent(2, 20, 'b')))
  await applier.apply(batch({ table: 'parent', key: '', version: '10', row: null, truncate: true }))
  await applier.apply(batch(parent(3, 9, 'c')))
  expect(await rows('parent')).toEqual(['(2,b)'])
})

test('a TRUNCATE waits for rows that newer children point to', async () => {
  await applier.apply(batch(parent(1, 1, 'a'), child(1, 30, 1)))
  const truncate = { table: 'parent', key: '', version: '10', row: null, truncate: true } as const
  expect((await applier.apply(batch(truncate)))?.quarantined).toMatchObject([
    { key: '', reason: 'reference' },
  ])
  await applier.apply(batch(parent(1, 20, 'a')))
  expect((await applier.apply(batch(truncate)))?.quarantined).toEqual([])
  expect([await rows('parent'), await rows('child')]).toEqual([['(1,a)'], ['(1,1,n)']])
})

test('two appliers at once give the same as one', async () => {
  const jobs = Array.from({ length: 30 }, (_, index) =>
    batch(...Array.from({ length: 20 }, (_, id) => parent(id, index, `${id}-${index}`))),
  )
  const doubled = [...jobs, ...jobs.toReversed()]
  await Promise.all(doubled.map((job) => applier.apply(job)))
  expect(await rows('parent')).toEqual(Array.from({ length: 20 }, (_, id) => `(${id},${id}-29)`))
})

test('a fence’s refusal is no row’s fault: the job is refused at once, and nothing is quarantined', async () => {
  await pair.inTarget(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'late' USING ERRCODE = '${FENCE_SQLSTATE}'; END $$`)
  await pair.inTarget('CREATE TRIGGER refuse BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION refuse()')
  await pair.inTarget('ALTER TABLE parent ENABLE ALWAYS TRIGGER refuse')
  try {
    await expect(applier.apply(batch(parent(1, 1, 'a'), parent(2, 2, 'b')))).rejects.toThrow('late')
    expect(await pair.target.query(readQuarantine('postgres', ['parent'], 10))).toEqual([])
  } finally {
    await pair.inTarget('DROP TRIGGER refuse ON parent')
  }
})
