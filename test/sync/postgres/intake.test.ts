import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TableShape } from '../../../strangler/core/sync-words.ts'
import type { Statement, TableColumns } from '../../../strangler/sync/dialect.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { type CapturedStock, captureStock } from './captured-stock.ts'
import { allColumns, applyEntries, type Session, type Stand, shapeOf, toEntry } from './stand.ts'

const { intake } = postgresDialect
let own: CapturedStock
let stand: Stand
let app: Session
let kit: Session
let table: TableShape
let columns: TableColumns

beforeAll(async () => {
  own = await captureStock('intake', 'CREATE TABLE stock (id bytea PRIMARY KEY, n int)')
  ;({ stand, app, kit, table, columns } = own)
})
beforeEach(async () => {
  await app.query('DELETE FROM stock')
  await own.forget()
})
afterAll(() => own?.close())

const insert = (id: number, session = app) =>
  session.query(`INSERT INTO stock VALUES (int4send(${id}), ${id})`)
const keyOf = (id: number) => `["${id.toString(16).padStart(8, '0')}"]`
const move = async (most = 1_000, session = kit) =>
  Number((await session.run(intake.move(0, most)))[0]?.['moved'])
const count = async (place: string) =>
  Number((await kit.query(`SELECT count(*) AS n FROM strangler.${place}`))[0]?.['n'])
/** The same question to the log alone, as it was before there was an intake. */
const ofLogAlone = ({ sql, older = sql, params }: Statement): Statement => ({ sql: older, params })

test('moving keeps an entry as it was, the transaction that has written it included', async () => {
  await app.runAll(['BEGIN', `SET LOCAL strangler.traceparent = 'of the writer'`])
  await insert(1)
  await app.runAll(['DELETE FROM stock', 'COMMIT'])
  await insert(2)
  const read = () => kit.query('SELECT * FROM strangler.changes ORDER BY version')
  const before = await read()
  expect(new Set(before.map((row) => row['writer_xid'])).size).toBe(2)
  expect([await count('change_intake'), await count('change_log')]).toEqual([3, 0])
  expect(await move()).toBe(3)
  expect(await read()).toEqual(before)
  expect([await count('change_intake'), await count('change_log')]).toEqual([0, 3])
})

test('an entry is seen once at any moment, while two move at the same time', async () => {
  await app.query('INSERT INTO stock SELECT int4send(n), n FROM generate_series(1, 6000) n')
  const movers = await Promise.all([stand.openKit(), stand.openKit()])
  let isMoving = true
  const moving = Promise.all(
    movers.map(async (mover) => {
      while ((await count('change_intake')) > 0) await move(150, mover)
      isMoving = false
    }),
  )
  const seen = new Set<number>()
  let looks = 0
  for (; isMoving; looks += 1) seen.add(await count('changes'))
  await moving
  for (const mover of movers) await mover.end()
  expect(looks).toBeGreaterThan(5)
  expect([...seen]).toEqual([6000])
  expect(await count('change_log')).toBe(6000)
})

test('whoever asks the two places one after the other misses what is moved in between', async () => {
  await insert(1)
  const log = await count('change_log')
  await move()
  expect(log + (await count('change_intake'))).toBe(0)
  expect(await count('changes')).toBe(1)
})

test('a move waits for no open transaction, and none for it', async () => {
  const other = await stand.open()
  await other.runAll(['BEGIN', `INSERT INTO stock VALUES ('\\x01', 1)`])
  await insert(2)
  await kit.query('BEGIN')
  expect(await move()).toBe(1)
  await insert(3)
  await other.query('COMMIT')
  await kit.query('COMMIT')
  expect(await move()).toBe(2)
  await other.end()
})

test('a move that is undone, as by a crash that loses its commit, leaves the entries where they were', async () => {
  await insert(1)
  await kit.query('SET synchronous_commit = on')
  await kit.query('BEGIN')
  expect(await move()).toBe(1)
  expect(await kit.query('SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'off' }])
  await kit.query('ROLLBACK')
  expect(await kit.query('SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'on' }])
  expect(await count('change_intake')).toBe(1)
  expect(await move()).toBe(1)
  expect(await kit.query('SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'on' }])
})

test('entries can be moved in a database that publishes all its tables, which a table without an identity would not allow', async () => {
  await app.query('CREATE PUBLICATION everything FOR ALL TABLES')
  await insert(1)
  expect(await move()).toBe(1)
  await insert(2)
  await app.query('ALTER TABLE strangler.change_intake REPLICA IDENTITY DEFAULT')
  await expect(move()).rejects.toMatchObject({ code: '55000' })
  await app.runAll([
    'ALTER TABLE strangler.change_intake REPLICA IDENTITY FULL',
    'DROP PUBLICATION everything',
  ])
})

describe('what waits in the intake is pending', () => {
  const questions: [
    string,
    () => Statement,
    (rows: Record<string, string | null>[]) => unknown,
    unknown,
    unknown,
  ][] = [
    [
      'to a comparison',
      () => postgresDialect.readKeys(columns, [keyOf(1)]),
      ([row]) => row?.['version'] !== '0',
      true,
      false,
    ],
    [
      'to a backfill',
      () => postgresDialect.readRange(columns, undefined, 9),
      ([row]) => row?.['version'] !== '0',
      true,
      false,
    ],
    ['to the lag', () => postgresDialect.readLag([table]), ([row]) => row?.['entries'], '1', '0'],
    ['to a cut-over', () => postgresDialect.readWaiting(table, 9, []), (rows) => rows.length, 1, 0],
    [
      'to who asks for the writers',
      () => postgresDialect.readWriters(['stock']),
      (rows) => rows.length,
      1,
      0,
    ],
  ]
  test.each(questions)(
    '%s; to one that asks the log alone it is not',
    async (_who, question, answer, right, wrong) => {
      await insert(1)
      await kit.query('DELETE FROM strangler.writer')
      expect(answer(await kit.run(question()))).toEqual(right)
      expect(answer(await kit.run(ofLogAlone(question())))).toEqual(wrong)
      await move()
      expect(answer(await kit.run(question()))).toEqual(right)
    },
  )

  test('and nothing is, once it is forgotten', async () => {
    await insert(1)
    await move()
    await insert(2)
    await own.forget()
    expect(await count('changes')).toBe(0)
  })

  test('the newest version is that of either place', async () => {
    await insert(1)
    await move()
    await app.query('UPDATE stock SET n = 2')
    const newest = async () =>
      (await kit.query('SELECT max(version)::text AS version FROM strangler.changes'))[0]?.['version']
    for (const statement of [
      postgresDialect.readKeys(columns, [keyOf(1)]),
      postgresDialect.readRange(columns, undefined, 9),
    ]) {
      expect((await kit.run(statement))[0]).toMatchObject({ version: await newest(), c1: '2' })
    }
  })
})

test('an older entry that is moved after a newer one was acknowledged is sent once more, and changes nothing', async () => {
  await insert(1)
  await app.query('UPDATE stock SET n = 2')
  const [older, newer] = await kit.query(
    'SELECT ctid::text AS place, version FROM strangler.change_intake ORDER BY version',
  )
  const service = await stand.open()
  await service.runAll(['CREATE SCHEMA service', 'CREATE TABLE service.stock (id bytea PRIMARY KEY, n int)'])
  const target = allColumns(await shapeOf(service, 'stock', 'service'))
  const [width, acknowledge] = [
    2,
    (version: string) =>
      kit.run(postgresDialect.deleteAcknowledged([{ table: 'stock', key: keyOf(1), version }])),
  ]
  // The places of a heap are filled anew, so the newer may stand before the older.
  await kit.run({
    ...intake.move(0, 1),
    sql: intake
      .move(0, 1)
      .sql.replace('WHERE ctid >= $1::pg_catalog.tid', `WHERE ctid <> '${older?.['place']}' AND $1 <> ''`),
  })
  const carry = async () => {
    const rows = await kit.run(postgresDialect.readPending(columns, 10))
    return {
      rows,
      claimed: await applyEntries(
        service,
        target,
        rows.map((row) => toEntry(target.table, row, width)),
      ),
    }
  }
  const first = await carry()
  expect(first.rows).toMatchObject([{ version: newer?.['version'], c1: '2' }])
  expect(first.claimed).toEqual([keyOf(1)])
  await acknowledge(String(newer?.['version']))
  expect(await kit.run(postgresDialect.readWaiting(table, 9, []))).toHaveLength(1)
  expect(await move()).toBe(1)
  const second = await carry()
  expect(second.rows).toMatchObject([{ version: older?.['version'], c1: '2' }])
  expect(second.claimed).toEqual([])
  await acknowledge(String(older?.['version']))
  expect(await count('changes')).toBe(0)
  await service.end()
})

describe('a key that no index takes', () => {
  const long = randomBytes(2_500).toString('hex')

  test('fails no write of the application, stays, is named, and keeps nobody else', async () => {
    await app.query(`INSERT INTO stock VALUES (decode($1, 'hex'), 1)`, [long])
    await insert(2)
    expect(await move()).toBe(1)
    expect(await kit.run(intake.readUnmovable)).toEqual([{ tbl: 'stock', key: `["${long.slice(0, 58)}` }])
    expect(await kit.run(postgresDialect.readWaiting(table, 9, []))).toHaveLength(2)
    expect((await kit.run(postgresDialect.readLag([table])))[0]?.['entries']).toBe('2')
  })

  test('would fail every move without that, and did fail the write when triggers wrote into the log', async () => {
    await app.query(`INSERT INTO stock VALUES (decode($1, 'hex'), 1)`, [long])
    const { sql, params } = intake.move(0, 10)
    const twin = { sql: sql.replace('pg_column_size(key) <= 2600', 'true'), params }
    await expect(kit.run(twin)).rejects.toMatchObject({ code: '54000' })
    const written = kit.query(
      `INSERT INTO strangler.change_log (version, tbl, key, op, at) VALUES (1, 'stock', $1, 'I', now())`,
      [`["${long}"]`],
    )
    await expect(written).rejects.toMatchObject({ code: '54000' })
  })

  test('is not one that is long and can be compressed, nor the longest that just fits', async () => {
    await app.query(`INSERT INTO stock VALUES (decode(repeat('ab', 20000), 'hex'), 1)`)
    for (const bytes of [1_200, 1_280, 1_290, 1_296])
      await app.query(`INSERT INTO stock VALUES (decode($1, 'hex'), 1)`, [randomBytes(bytes).toString('hex')])
    const stays = (await kit.run(intake.readUnmovable)).length
    expect(await move()).toBe(5 - stays)
    expect(stays).toBeLessThan(2)
  })
})
