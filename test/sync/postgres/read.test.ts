import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TableShape } from '../../../strangler/core/sync-words.ts'
import type { Statement, TableColumns } from '../../../strangler/sync/dialect.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { type CapturedStock, captureStock } from './captured-stock.ts'
import { allColumns, type Session, shapeOf } from './stand.ts'

const ROWS = 100_000

let own: CapturedStock
let app: Session
let kit: Session
let table: TableShape
let columns: TableColumns
let gather: CapturedStock['gather']
let forget: CapturedStock['forget']

beforeAll(async () => {
  own = await captureStock(
    'read',
    'CREATE TABLE stock (tenant text, sku int, quantity int, note text, PRIMARY KEY (tenant, sku))',
    `INSERT INTO stock SELECT 't' || n % 7, n, n, repeat('x', 40) FROM generate_series(1, ${ROWS}) n`,
    'VACUUM ANALYZE stock',
  )
  ;({ app, kit, table, columns, gather, forget } = own)
})
afterAll(() => own?.close())

/** The lines of a plan that read `stock`. */
async function explain(statement: Statement): Promise<string[]> {
  const plan = await kit.run({ sql: `EXPLAIN ${statement.sql}`, params: statement.params })
  const lines = plan.map((row) => String(row['QUERY PLAN']).trim())
  return lines.filter((line) => /\bon stock\b/.test(line)).map((line) => line.replace(/ +\(cost.*/, ''))
}

const KEY_SCAN = /^(-> +)?Index (Only )?Scan using stock_pkey on stock/

test('rows of changed keys are found by the key, never by reading the table', async () => {
  await app.query(`UPDATE stock SET quantity = quantity + 1 WHERE sku <= 2000`)
  const keys = Array.from({ length: 500 }, (_, index) => `["t${(index * 3) % 7}","${index * 3}"]`)
  const statements = [
    postgresDialect.readPending(columns, 500),
    postgresDialect.readKeys(columns, keys),
    postgresDialect.readRange(columns, ['t3', '50000'], 1000),
    postgresDialect.readRange(columns, undefined, 1000),
    postgresDialect.deleteRows(table, keys.slice(0, 100)),
  ]
  for (const statement of statements) {
    const scans = (await explain(statement)).filter((line) => !line.startsWith('Delete'))
    expect(scans.length).toBeGreaterThan(0)
    for (const scan of scans) expect(scan).toMatch(KEY_SCAN)
  }
  // The broken twin compares the key as text, as a plain join on the log's key would.
  const twin = {
    sql: `SELECT * FROM stock WHERE '["' || tenant || '","' || sku || '"]' = ANY($1)`,
    params: [keys],
  }
  for (const scan of await explain(twin)) expect(scan).not.toMatch(KEY_SCAN)
})

test('pending keys come oldest first, each once, with the newest version, the row as it is now, and the age of the oldest entry', async () => {
  await forget()
  await app.query("UPDATE stock SET quantity = 1 WHERE tenant = 't1' AND sku = 1")
  await app.query("DELETE FROM stock WHERE tenant = 't2' AND sku = 2")
  await app.query("UPDATE stock SET quantity = 2, note = '' WHERE tenant = 't1' AND sku = 1")
  const log = await app.query(
    'SELECT version, floor(extract(epoch FROM at) * 1000)::bigint AS at FROM strangler.changes ORDER BY version',
  )
  await gather()
  const pending = await kit.run(postgresDialect.readPending(columns, 10))
  expect(pending).toEqual([
    {
      key: '["t1","1"]',
      version: log[2]?.['version'],
      op: 'U',
      oldest: log[0]?.['version'],
      at: log[0]?.['at'],
      traceparent: null,
      present: '1',
      c0: 't1',
      c1: '1',
      c2: '2',
      c3: '',
    },
    {
      key: '["t2","2"]',
      version: log[1]?.['version'],
      op: 'D',
      oldest: log[1]?.['version'],
      at: log[1]?.['at'],
      traceparent: null,
      present: null,
      c0: null,
      c1: null,
      c2: null,
      c3: null,
    },
  ])
  expect(await kit.run(postgresDialect.readPending(columns, 1))).toHaveLength(1)
  const skipped = await kit.run(postgresDialect.readPending(columns, 10, { skip: ['["t1","1"]'] }))
  expect(skipped.map((row) => row['key'])).toEqual(['["t2","2"]'])
})

test('a key with very many entries keeps nobody else waiting once it is on its way', async () => {
  await forget()
  await app.query(
    `DO $$ BEGIN FOR i IN 1..300 LOOP UPDATE stock SET quantity = i WHERE tenant = 't3' AND sku = 3; END LOOP; END $$`,
  )
  await app.query("UPDATE stock SET quantity = 1 WHERE tenant = 't4' AND sku = 4")
  await gather()
  const first = await kit.run(postgresDialect.readPending(columns, 10))
  expect(first.map((row) => row['key'])).toContain('["t3","3"]')
  const second = await kit.run(postgresDialect.readPending(columns, 10, { skip: ['["t3","3"]'] }))
  expect(second.map((row) => row['key'])).toEqual(['["t4","4"]'])
})

test('TRUNCATE is pending as an entry without a key', async () => {
  await app.query('CREATE TABLE emptied (id int PRIMARY KEY)')
  const emptied = await shapeOf(kit, 'emptied')
  await app.runAll(postgresDialect.captureUp([emptied]))
  await app.query('TRUNCATE emptied')
  await gather()
  const [pending] = await kit.run(postgresDialect.readPending(allColumns(emptied), 10))
  expect(pending).toMatchObject({ key: '', op: 'T', present: null })
})

test('a range goes on after a key, in key order, and each row carries its newest pending version or 0', async () => {
  await forget()
  await app.query("UPDATE stock SET quantity = 9 WHERE tenant = 't6' AND sku = 13")
  const [entry] = await app.query(`SELECT version FROM strangler.changes WHERE tbl = 'stock'`)
  const first = await kit.run(postgresDialect.readRange(columns, ['t6', '6'], 400))
  expect([first[0], first[284]].map((row) => [row?.['key'], row?.['version'], row?.['c2']])).toEqual([
    ['["t6","13"]', entry?.['version'], '9'],
    ['["t6","2001"]', '0', '2001'],
  ])
  expect(await kit.run(postgresDialect.readRange(columns, ['t6', '999999'], 2))).toEqual([])
  let after: string[] | undefined
  let seen = 0
  for (;;) {
    const page = await kit.run(postgresDialect.readRange({ table, columns: ['sku'] }, after, 20_000))
    seen += page.length
    if (page.length < 20_000) break
    after = JSON.parse(String(page.at(-1)?.['key'])) as string[]
  }
  const [count] = await app.query('SELECT count(*) AS n FROM stock')
  expect(String(seen)).toBe(count?.['n'])
})

test('rows of given keys come in the given order, absent ones too, with the version that the target has applied', async () => {
  await app.query(`INSERT INTO strangler.applied VALUES ('stock', '["t5","5"]', 3, 77, false)`)
  const keys = ['["t5","5"]', '["nobody","1"]', '["t1","8"]']
  const rows = await kit.run(postgresDialect.readKeys(columns, keys, 'applied'))
  expect(rows.map((row) => [row['key'], row['version'], row['present'], row['c1']])).toEqual([
    ['["t5","5"]', '3:77', '1', '5'],
    ['["nobody","1"]', '0:0', null, null],
    ['["t1","8"]', '0:0', '1', '8'],
  ])
})

test('row and version are of one snapshot: a reader never sees a row with an older version than the row has', async () => {
  await app.query('CREATE TABLE torn (id int PRIMARY KEY, n int)')
  await app.query('INSERT INTO torn VALUES (1, 0)')
  const torn = await shapeOf(kit, 'torn')
  await app.runAll(postgresDialect.captureUp([torn]))
  let isRunning = true
  const writing = (async () => {
    for (let n = 1; n <= 400; n += 1) await app.query('UPDATE torn SET n = n + 1')
    isRunning = false
  })()
  const seen: (readonly [bigint, number])[] = []
  while (isRunning) {
    const [row] = await kit.run(postgresDialect.readKeys(allColumns(torn), ['["1"]']))
    if (row?.['version'] !== '0') seen.push([BigInt(String(row?.['version'])), Number(row?.['c1'])])
  }
  await writing
  const log = await app.query("SELECT version FROM strangler.changes WHERE tbl = 'torn' ORDER BY version")
  // The n-th version belongs to the n-th value.
  const versions = log.map((row) => String(row['version']))
  expect(seen.length).toBeGreaterThan(10)
  for (const [version, n] of seen) expect(versions.indexOf(String(version)) + 1).toBe(n)
})

test('the lag is the age of the oldest entry; an acknowledgement deletes up to its version and nothing newer', async () => {
  await forget()
  expect(await kit.run(postgresDialect.readLag([table]))).toEqual([
    { age_ms: '0', entries: '0', oldest_ms: null, now_ms: expect.stringMatching(/^\d{13}$/) },
  ])
  await app.query(`INSERT INTO strangler.change_log VALUES
    (10, 'stock', 'a', 'U', now() - interval '5 s'), (20, 'stock', 'a', 'U', now()), (30, 'stock', 'a', 'U', now()), (10, 'stock', 'b', 'U', now())`)
  const [lag] = await kit.run(postgresDialect.readLag([table]))
  expect(lag?.['entries']).toBe('4')
  expect(Number(lag?.['age_ms'])).toBeGreaterThanOrEqual(5000)
  expect(Number(lag?.['age_ms'])).toBeLessThan(9000)
  expect(Number(lag?.['now_ms']) - Number(lag?.['oldest_ms']) - Number(lag?.['age_ms'])).toBeLessThan(1000)
  await kit.run(postgresDialect.deleteAcknowledged([{ table: 'stock', key: 'a', version: '20' }]))
  expect(
    await app.query(`SELECT key, version FROM strangler.change_log WHERE tbl = 'stock' ORDER BY key`),
  ).toEqual([
    { key: 'a', version: '30' },
    { key: 'b', version: '10' },
  ])
})
