import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Statement, TableColumns } from '../../../strangler/sync/dialect.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { allColumns, createStand, type Session, type Stand, shapeOf } from './stand.ts'

let stand: Stand
let kit: Session
let columns: TableColumns

/** A burst after quiet days: the statistics say that the log is empty, and it holds 100,000 entries of each of two tables. */
beforeAll(async () => {
  stand = await createStand('log_plans')
  kit = await stand.openKit()
  await kit.query('CREATE TABLE stock (id int PRIMARY KEY, n int)')
  await kit.query('CREATE TABLE supplier (id int PRIMARY KEY, n int)')
  await kit.query('INSERT INTO stock SELECT n, n FROM generate_series(1, 1000) n')
  columns = allColumns(await shapeOf(kit, 'stock'))
  await kit.runAll(postgresDialect.captureUp([columns.table, await shapeOf(kit, 'supplier')]))
  await kit.query('ALTER TABLE strangler.change_log SET (autovacuum_enabled = false)')
  await kit.query('ANALYZE stock, strangler.change_log')
  await kit.query(`INSERT INTO strangler.change_log SELECT n * 2, tbl, '["' || n || '"]', 'U', now()
    FROM generate_series(1, 100000) n, (VALUES ('stock'), ('supplier')) AS t(tbl)`)
})

afterAll(async () => {
  await kit.end()
  await stand.drop()
})

/** How the log is read, and how many of its entries were looked at. */
async function explainLog(statement: Statement): Promise<{ scans: string[]; read: number }> {
  await kit.query('BEGIN')
  const plan = await kit.run({
    sql: `EXPLAIN (ANALYZE, TIMING OFF) ${statement.sql}`,
    params: statement.params,
  })
  await kit.query('ROLLBACK')
  const lines = plan.map((row) => String(row['QUERY PLAN'])).filter((line) => / on change_log/.test(line))
  const read = lines.map((line) => {
    const [, rows = '0', loops = '0'] = /actual rows=([\d.]+) loops=(\d+)/.exec(line) ?? []
    return Number(rows) * Number(loops)
  })
  return {
    scans: lines.map((line) => line.trim().replace(/ +\(.*/, '')),
    read: read.reduce((sum, rows) => sum + rows, 0),
  }
}

const keys = Array.from({ length: 500 }, (_, index) => `["${index + 1}"]`)

test('with statistics from an empty log a poll still looks at a few thousand entries, not at all of them', async () => {
  const polled = await explainLog(postgresDialect.readPending(columns, 500))
  expect(polled.scans).toEqual([
    '->  Index Scan using change_log_oldest on change_log',
    '->  Index Scan Backward using change_log_pkey on change_log l',
  ])
  expect(polled.read).toBeLessThan(5_000)
  // The broken twin is the query that one writes first. It reads every entry of the table, twenty times a second.
  const twin = await explainLog({
    sql: `SELECT key, max(version) FROM strangler.change_log WHERE tbl = $1 GROUP BY key ORDER BY min(version) LIMIT 500`,
    params: ['stock'],
  })
  expect(twin.read).toBeGreaterThanOrEqual(100_000)
})

test('and an acknowledgement, a range and a look-up of keys find their entries by the key', async () => {
  const acknowledged = keys.map((key) => ({ table: 'stock', key, version: '900000' }))
  const statements = [
    postgresDialect.deleteAcknowledged(acknowledged),
    postgresDialect.readKeys(columns, keys),
    postgresDialect.readRange(columns, undefined, 500),
  ]
  for (const statement of statements) {
    const { scans, read } = await explainLog(statement)
    expect(scans.join('\n')).toContain('change_log_pkey')
    expect(scans.join('\n')).not.toMatch(/Seq Scan|change_log_oldest/)
    expect(read).toBeLessThan(2_000)
  }
})

test('the entries of one table are read to their end and no further, in versions that lie among those of another', async () => {
  await kit.query("DELETE FROM strangler.change_log WHERE tbl = 'stock' AND version > 20")
  const rows = await kit.run(postgresDialect.readPending(columns, 500))
  expect(rows.map((row) => row['key'])).toEqual(keys.slice(0, 10))
  await kit.run(
    postgresDialect.deleteAcknowledged(
      rows.map((row) => ({ table: 'stock', key: String(row['key']), version: String(row['version']) })),
    ),
  )
  expect(await kit.run(postgresDialect.readPending(columns, 500))).toEqual([])
})
