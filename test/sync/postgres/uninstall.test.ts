import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { TableShape } from '../../../strangler/core/sync-words.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { readCatalogue } from '../../support/read-catalogue.ts'
import { createStand, type Session, type Stand, shapeOf } from './stand.ts'

let stand: Stand
let app: Session
let stock: TableShape
let orders: TableShape
let before: string[]

const readAll = () => readCatalogue(app.query)

const listKitObjects = async (): Promise<string[]> =>
  (
    await app.query(
      `SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('strangler') AND relkind = 'r' ORDER BY 1`,
    )
  ).map((row) => String(row['relname']))

beforeAll(async () => {
  stand = await createStand('uninstall')
  app = await stand.open()
  await app.query('CREATE TABLE stock (id serial PRIMARY KEY, name text)')
  await app.query('CREATE TABLE orders (id uuid PRIMARY KEY)')
  stock = await shapeOf(app, 'stock')
  orders = await shapeOf(app, 'orders')
})

beforeEach(async () => {
  before = await readAll()
})

afterAll(async () => {
  await app.end()
  await stand.drop()
})

test('capture, target and guards together leave the catalogue as it was, whichever goes first', async () => {
  for (const order of ['source first', 'target first']) {
    await app.runAll(postgresDialect.captureUp([stock, orders]))
    await app.runAll(postgresDialect.targetUp())
    await app.runAll(postgresDialect.guard(stock, 'reject'))
    await app.runAll(postgresDialect.guard(orders, 'report'))
    await app.query('INSERT INTO orders VALUES (gen_random_uuid())')
    expect(await readAll()).not.toEqual(before)
    const downs = [
      () => postgresDialect.captureDown([stock, orders]),
      () => [...postgresDialect.guard(stock, 'off'), ...postgresDialect.guard(orders, 'off')],
      () => postgresDialect.targetDown(),
    ]
    for (const down of order === 'source first' ? downs : downs.toReversed()) await app.runAll(down())
    expect(await readAll()).toEqual(before)
  }
})

test('uninstalling twice, before installing, or after the table was dropped, does nothing', async () => {
  const gone = { ...orders, name: 'never_there' }
  for (let time = 0; time < 2; time += 1) {
    await app.runAll(postgresDialect.captureDown([stock, gone]))
    await app.runAll(postgresDialect.guard(gone, 'off'))
    await app.runAll(postgresDialect.targetDown([stock, gone]))
  }
  expect(await readAll()).toEqual(before)
})

test('one capability goes and leaves the log of another', async () => {
  await app.runAll(postgresDialect.captureUp([stock, orders]))
  await app.query("INSERT INTO stock (name) VALUES ('a')")
  await app.query('INSERT INTO orders VALUES (gen_random_uuid())')
  await app.runAll(postgresDialect.captureDown([orders]))
  expect(await app.query('SELECT DISTINCT tbl FROM strangler.changes')).toEqual([{ tbl: 'stock' }])
  await app.runAll(postgresDialect.captureDown([stock]))
  expect(await readAll()).toEqual(before)
})

test('one capability goes and leaves what the target knows of another', async () => {
  await app.runAll(postgresDialect.targetUp())
  for (const name of ['stock', 'orders']) {
    await app.query(`INSERT INTO strangler.applied VALUES ('${name}', '["1"]', 1, 1, false)`)
  }
  await app.runAll(postgresDialect.targetDown([orders]))
  expect(await app.query('SELECT tbl FROM strangler.applied')).toEqual([{ tbl: 'stock' }])
  expect(await listKitObjects()).toContain('sync_state')
  await app.runAll(postgresDialect.targetDown([stock]))
  expect(await readAll()).toEqual(before)
})

test('one capability goes while another is installed and has applied nothing yet', async () => {
  await app.runAll([...postgresDialect.targetUp(), ...postgresDialect.guard(stock, 'reject')])
  const installed = await listKitObjects()
  await app.runAll(postgresDialect.guard(orders, 'reject'))
  await app.runAll([...postgresDialect.guard(orders, 'off'), ...postgresDialect.targetDown([orders])])
  expect(await listKitObjects()).toEqual(installed)
  // Twin: without its guard nothing tells that it is there.
  await app.runAll(postgresDialect.guard(stock, 'off'))
  await app.runAll(postgresDialect.targetDown([orders]))
  expect(await readAll()).toEqual(before)
})

test('a schema in which somebody else has put something stays', async () => {
  await app.runAll(postgresDialect.captureUp([stock]))
  await app.query('CREATE TABLE strangler.notes (id int)')
  await app.runAll(postgresDialect.captureDown([stock]))
  expect(await listKitObjects()).toEqual(['notes'])
  await app.query('DROP SCHEMA strangler CASCADE')
})

test('an install that was killed after any statement leaves the catalogue as it was, from either role', async () => {
  const up = [
    ...postgresDialect.targetUp(),
    ...postgresDialect.guard(stock, 'reject'),
    ...postgresDialect.guard(orders, 'reject'),
    ...postgresDialect.captureUp([stock, orders]),
  ]
  for (let count = 1; count <= up.length; count += 1) {
    await app.runAll(up.slice(0, count))
    expect(await readAll(), `after ${count} statements`).not.toEqual(before)
    await app.runAll(postgresDialect.captureDown([stock, orders]))
    for (const table of [stock, orders]) await app.runAll(postgresDialect.guard(table, 'off'))
    await app.runAll(postgresDialect.targetDown([stock, orders]))
    expect(await readAll(), `after ${count} statements`).toEqual(before)
  }
}, 120_000)
