import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { TableShape } from '../../../strangler/core/sync-words.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { createStand, type Session, type Stand, shapeOf } from './stand.ts'

let stand: Stand
let app: Session
let table: TableShape

beforeAll(async () => {
  stand = await createStand('capture')
  app = await stand.open()
  await app.query('CREATE TABLE stock (tenant text, sku int, quantity int, PRIMARY KEY (tenant, sku))')
  await app.query('CREATE TABLE parent (id int PRIMARY KEY)')
  await app.query('CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent ON DELETE CASCADE)')
  table = await shapeOf(app, 'stock')
  await app.runAll(postgresDialect.captureUp([table, await shapeOf(app, 'child')]))
})

beforeEach(() => app.query('DELETE FROM strangler.change_intake'))

afterAll(async () => {
  await app.end()
  await stand.drop()
})

const readLog = async (session = app) =>
  (await session.query('SELECT op, key FROM strangler.changes ORDER BY version, key')).map(
    (row) => `${row['op']} ${row['key']}`,
  )

test('insert, update and delete log the key; a changed key logs the old one and the new one', async () => {
  await app.query("INSERT INTO stock VALUES ('a', 1, 5)")
  await app.query('UPDATE stock SET quantity = 6')
  await app.query('UPDATE stock SET sku = 2')
  await app.query('DELETE FROM stock')
  expect(await readLog()).toEqual(['I ["a","1"]', 'U ["a","1"]', 'U ["a","1"]', 'U ["a","2"]', 'D ["a","2"]'])
})

test('TRUNCATE logs one entry without a key', async () => {
  await app.query("INSERT INTO stock SELECT 'a', n, 1 FROM generate_series(1, 3) n")
  await app.query('DELETE FROM strangler.change_intake')
  await app.query('TRUNCATE stock')
  expect(await readLog()).toEqual(['T '])
})

test('a key is the JSON that JavaScript writes: quotes, backslashes, control characters, emoji', async () => {
  const tenants = ['"', '\\', '\u0001\u001f\n\t\b\f\r', '🐘', 'é\u2028\u007f', '/', '']
  for (const tenant of tenants) await app.query('INSERT INTO stock VALUES ($1, 1, 1)', [tenant])
  expect(await readLog()).toEqual(tenants.map((tenant) => `I ${JSON.stringify([tenant, '1'])}`))
  await app.query('TRUNCATE stock')
})

test('the rows of a cascade are captured', async () => {
  await app.query('INSERT INTO parent VALUES (1)')
  await app.query('INSERT INTO child SELECT n, 1 FROM generate_series(1, 3) n')
  await app.query('DELETE FROM strangler.change_intake')
  await app.query('DELETE FROM parent')
  expect(await readLog()).toEqual(['D ["1"]', 'D ["2"]', 'D ["3"]'])
})

test('what the applier writes is not captured, and its mark ends with the transaction', async () => {
  await app.query('BEGIN')
  for (const statement of postgresDialect.beginApply(['stock'])) await app.run(statement)
  await app.query("INSERT INTO stock VALUES ('applied', 1, 1)")
  await app.query('COMMIT')
  expect(await readLog()).toEqual([])
  await app.query('DELETE FROM stock')
  expect(await readLog()).toEqual(['D ["applied","1"]'])
})

test('it captures under session_replication_role = replica, where ordinary triggers are silent', async () => {
  await app.query('SET session_replication_role = replica')
  await app.query("INSERT INTO stock VALUES ('r', 1, 1)")
  await app.query('ALTER TABLE stock ENABLE TRIGGER strangler_capture_rows')
  await app.query("INSERT INTO stock VALUES ('r', 2, 1)")
  await app.query('RESET session_replication_role')
  // The second is the broken twin; installing again mends it.
  expect(await readLog()).toEqual(['I ["r","1"]'])
  await app.runAll(postgresDialect.captureUp([table]))
  const [trigger] = await app.query(
    "SELECT tgenabled FROM pg_trigger WHERE tgname = 'strangler_capture_rows' AND tgrelid = 'stock'::regclass",
  )
  expect(trigger).toEqual({ tgenabled: 'A' })
  await app.query('TRUNCATE stock')
})

test('a role without any right on the log writes as before, and a hostile search path changes nothing', async () => {
  await app.query(`DO $$ BEGIN CREATE ROLE capture_clerk; EXCEPTION WHEN duplicate_object THEN NULL; END $$`)
  await app.query('GRANT INSERT ON stock TO capture_clerk')
  await app.query('CREATE SCHEMA hostile; ')
  await app.query(
    "CREATE FUNCTION hostile.to_json(text) RETURNS json LANGUAGE sql AS $$ SELECT '666'::json $$",
  )
  await app.query('GRANT USAGE ON SCHEMA hostile TO capture_clerk')
  await app.query('SET ROLE capture_clerk')
  await app.query('SET search_path = hostile, public')
  await app.query("INSERT INTO public.stock VALUES ('clerk', 1, 1)")
  await expect(app.query('SELECT * FROM strangler.changes')).rejects.toThrow(/permission denied/)
  await app.query('RESET search_path')
  await app.query('RESET ROLE')
  expect(await readLog()).toEqual(['I ["clerk","1"]'])
  await app.query('REVOKE ALL ON stock FROM capture_clerk')
  await app.query('DROP SCHEMA hostile CASCADE')
  await app.query('DROP ROLE capture_clerk')
})

test('installing twice takes no lock that a writer holds', async () => {
  const writer = await stand.open()
  await writer.query('BEGIN')
  await writer.query("INSERT INTO stock VALUES ('busy', 1, 1)")
  await app.runAll(postgresDialect.captureUp([table]))
  await writer.query('ROLLBACK')
  await writer.end()
})

test('installing on a busy table gives up after a second instead of queueing the writers behind itself', async () => {
  await app.query('CREATE TABLE busy (id int PRIMARY KEY)')
  const writer = await stand.open()
  await writer.query('BEGIN')
  await writer.query('INSERT INTO busy VALUES (1)')
  const started = performance.now()
  const busy = await shapeOf(app, 'busy')
  await expect(app.runAll(postgresDialect.captureUp([busy]))).rejects.toMatchObject({ code: '55P03' })
  // By the session's own limit it would be eight.
  expect(performance.now() - started).toBeLessThan(7_000)
  await writer.query('COMMIT')
  await writer.end()
  await app.runAll(postgresDialect.captureUp([busy]))
  await app.query('INSERT INTO busy VALUES (2)')
  expect(await readLog()).toEqual(['I ["2"]'])
  // The limit was the installation's own.
  expect(await app.query('SHOW lock_timeout')).toEqual([{ lock_timeout: '8s' }])
  await app.runAll(postgresDialect.captureDown([busy]))
})

test('tables whose names run together have functions of their own', async () => {
  await app.query('CREATE SCHEMA a; ')
  await app.query('CREATE SCHEMA a_b')
  const long = 'x'.repeat(60)
  await app.query('CREATE TABLE a.b_c (id int PRIMARY KEY)')
  await app.query('CREATE TABLE a_b.c (id int PRIMARY KEY)')
  await app.query(`CREATE TABLE a."${long}1" (id int PRIMARY KEY)`)
  await app.query(`CREATE TABLE a."${long}2" (id int PRIMARY KEY)`)
  const shapes = await postgresDialect.introspect(app.run, 'a', ['b_c', `${long}1`, `${long}2`])
  shapes.push(await shapeOf(app, 'c', 'a_b'))
  await app.runAll(postgresDialect.captureUp(shapes))
  for (const shape of shapes) await app.query(`INSERT INTO ${shape.schema}."${shape.name}" VALUES (1)`)
  const logged = await app.query('SELECT tbl FROM strangler.changes ORDER BY version')
  expect(logged.map((row) => row['tbl'])).toEqual(['b_c', `${long}1`, `${long}2`, 'c'])
  await app.runAll(postgresDialect.captureDown(shapes))
  await app.query('DROP SCHEMA a, a_b CASCADE')
})

test('a table without a usable key is refused, with the reason', async () => {
  await app.query('CREATE TABLE keyless (id int)')
  const keyless = await shapeOf(app, 'keyless')
  expect(() => postgresDialect.captureUp([keyless])).toThrow(/public\.keyless has no usable key/)
})
