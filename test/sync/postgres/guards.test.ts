import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TableShape } from '../../../strangler/core/sync-words.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { createStand, type Session, type Stand, shapeOf } from './stand.ts'

let stand: Stand
let app: Session
let table: TableShape

beforeAll(async () => {
  stand = await createStand('guards')
  app = await stand.open()
  await app.query('CREATE TABLE parent (id int PRIMARY KEY)')
  await app.query(
    'CREATE TABLE stock (id int PRIMARY KEY, quantity int, parent int REFERENCES parent ON DELETE CASCADE, doc json)',
  )
  await app.query('INSERT INTO parent VALUES (1), (2)')
  await app.query('INSERT INTO stock VALUES (1, 10, 1)')
  table = await shapeOf(app, 'stock')
})

afterAll(async () => {
  await app.end()
  await stand.drop()
})

const setGuard = (mode: 'off' | 'reject' | 'report') => app.runAll(postgresDialect.guard(table, mode))

test('reject stops every kind of write, naming the kit, the table and what to do', async () => {
  await setGuard('reject')
  const writes = [
    'INSERT INTO stock VALUES (2, 1)',
    'UPDATE stock SET quantity = 0',
    'DELETE FROM stock',
    'TRUNCATE stock',
  ]
  for (const write of writes) {
    const operation = write.split(' ')[0]
    await expect(app.query(write)).rejects.toMatchObject({
      code: '45000',
      schema: 'public',
      table: 'stock',
      message: `strangler: this ${operation} on public.stock is rejected, because the other side owns the table now`,
      hint: expect.stringContaining('strangler sync status'),
    })
  }
  await expect(app.query('DELETE FROM parent WHERE id = 1')).rejects.toMatchObject({ code: '45000' })
  expect(await app.query('SELECT id, quantity FROM stock')).toEqual([{ id: '1', quantity: '10' }])
})

test('reject does not disturb a statement that changes no row, nor a cascade that finds none', async () => {
  await setGuard('reject')
  await app.query('UPDATE stock SET quantity = 0 WHERE id = 99')
  await app.query('DELETE FROM parent WHERE id = 2')
})

test.each(['strangler.apply', 'strangler.dry_run'])(
  '%s lets a write through, in its transaction only',
  async (marker) => {
    await setGuard('reject')
    await app.query('BEGIN')
    await app.query(`SET LOCAL ${marker} = '1'`)
    await app.query('UPDATE stock SET quantity = 11')
    await app.query('ROLLBACK')
    await expect(app.query('UPDATE stock SET quantity = 11')).rejects.toThrow(/rejected/)
  },
)

test('reject works under session_replication_role = replica too', async () => {
  await setGuard('reject')
  await app.query('SET session_replication_role = replica')
  await expect(app.query('DELETE FROM stock')).rejects.toMatchObject({ code: '45000' })
  await app.query('RESET session_replication_role')
})

test('a REPEATABLE READ transaction that began before the guard cannot write after it; a row that says who owns could not stop it', async () => {
  await setGuard('off')
  await app.query("CREATE TABLE owner AS SELECT 'monolith' AS side")
  const old = await stand.open()
  await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await old.query('SELECT 1 FROM parent')
  await setGuard('reject')
  await app.query("UPDATE owner SET side = 'service'")
  // The broken twin: the old snapshot still shows the old owner.
  expect(await old.query('SELECT side FROM owner')).toEqual([{ side: 'monolith' }])
  await expect(old.query('INSERT INTO stock VALUES (50, 1)')).rejects.toMatchObject({ code: '45000' })
  await old.query('ROLLBACK')
  await old.end()
})

test('report lets writes pass and keeps both images with them, exactly when they are kept', async () => {
  await setGuard('report')
  await app.query(`INSERT INTO stock VALUES (2, 7, NULL, '{"big": 12345678901234567890}')`)
  await app.query('UPDATE stock SET id = 3, quantity = 8 WHERE id = 2')
  await app.query('BEGIN')
  await app.query('DELETE FROM stock')
  await app.query('ROLLBACK')
  await app.query('DELETE FROM stock WHERE id = 3')
  await app.query('TRUNCATE stock')
  const images = await app.query(
    `SELECT op, key, before->>'quantity' AS before, after->>'quantity' AS after, after->'doc'->>'big' AS big FROM strangler.stray_write ORDER BY at`,
  )
  expect(images).toEqual([
    { op: 'I', key: '["2"]', before: null, after: '7', big: '12345678901234567890' },
    { op: 'U', key: '["3"]', before: '7', after: '8', big: '12345678901234567890' },
    { op: 'D', key: '["3"]', before: '8', after: null, big: null },
    { op: 'T', key: '["1"]', before: '10', after: null, big: null },
  ])
})

test('report keeps a document that jsonb could not hold, instead of failing the write', async () => {
  await setGuard('report')
  await app.query(`INSERT INTO stock VALUES (70, 7, NULL, '{"nul": "\\u0000"}')`)
  const [image] = await app.query('SELECT after::text FROM strangler.stray_write WHERE key = \'["70"]\'')
  expect(image?.['after']).toContain('"nul": "\\u0000"')
})

test('between two modes there is one guard, and off leaves none', async () => {
  const triggers = async () =>
    (
      await app.query(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'stock'::regclass AND NOT tgisinternal ORDER BY 1",
      )
    ).map((row) => row['tgname'])
  await setGuard('report')
  await setGuard('reject')
  await setGuard('reject')
  expect(await triggers()).toEqual(['strangler_guard_reject', 'strangler_guard_reject_truncate'])
  await setGuard('off')
  await setGuard('off')
  expect(await triggers()).toEqual([])
  await app.query('INSERT INTO stock VALUES (60, 1)')
})
