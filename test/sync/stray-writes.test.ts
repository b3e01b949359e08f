import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import { openSyncDatabase } from '../../strangler/sync/database.ts'
import { mariadbDialect } from '../../strangler/sync/dialects/mariadb/index.ts'
import { readStrayWrites } from '../../strangler/sync/stray-writes.ts'
import { createMariaDatabase, openConnection } from '../support/mariadb.ts'
import { requireProgram, sayMissing } from '../support/optional.ts'
import { createTestDatabase, openPool, type TestDatabase } from '../support/postgres.ts'
import { diagnoseTables } from './preflight/diagnose-tables.ts'
import { openWatchedPair, type WatchedPair } from './watch/watched-pair.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 60_000
const REPORTED = { mode: 'report', because: 'the nightly import is moved next week' } as const
let source: TestDatabase
let pair: WatchedPair

beforeAll(async () => {
  source = await createTestDatabase('stray')
  const monolith = openPool(source.url)
  const tables = 'CREATE TABLE stock (id int PRIMARY KEY, qty int); CREATE TABLE price (id int PRIMARY KEY)'
  await monolith.query(`${tables}; INSERT INTO stock VALUES (1, 10), (2, 20)`)
  await monolith.end()
  pair = await openWatchedPair(source.url, {
    tables: [{ table: 'stock', guard: REPORTED }, { table: 'price' }],
  })
  await pair.service.query(tables)
  await pair.sync.install({ epoch: 1 })
  pair.backfill()
  await pair.until(({ running }) => expect(running?.backfill?.state).toBe('done'))
}, SLOW_MS)
afterAll(async () => {
  await pair.stop()
  await source.drop()
})

describe('a write by the side that does not own a table', () => {
  it('fails where nothing else is said', async () => {
    await expect(pair.service.query('INSERT INTO price VALUES (1)')).rejects.toMatchObject({ code: '45000' })
    expect((await pair.status()).strayWrites).toEqual([])
  })

  it('passes where the guard reports, and is kept with its images in the same transaction, and counted', async () => {
    await pair.service.query('UPDATE stock SET qty = 11 WHERE id = 1')
    await pair.service.query('BEGIN; DELETE FROM stock WHERE id = 2; ROLLBACK')
    await pair.service.query('INSERT INTO stock VALUES (3, 30)')
    expect((await pair.service.query('SELECT * FROM stock ORDER BY id')).rows).toEqual([
      { id: 1, qty: 11 },
      { id: 2, qty: 20 },
      { id: 3, qty: 30 },
    ])
    const { rows } = await pair.service.query(
      'SELECT tbl, key, op, before, after FROM strangler.stray_write ORDER BY at',
    )
    expect(rows).toEqual([
      { tbl: 'stock', key: '["1"]', op: 'U', before: { id: 1, qty: 10 }, after: { id: 1, qty: 11 } },
      { tbl: 'stock', key: '["3"]', op: 'I', before: null, after: { id: 3, qty: 30 } },
    ])
    expect((await pair.status()).strayWrites).toEqual([
      {
        ...{ table: 'stock', count: 2, lastAt: expect.stringMatching(/^\d{4}-.*Z$/), by: ['postgres'] },
        rows: [
          { key: '["3"]', op: 'insert', at: expect.any(String), by: 'postgres', columns: [] },
          { key: '["1"]', op: 'update', at: expect.any(String), by: 'postgres', columns: ['qty'] },
        ],
      },
    ])
  })

  it('is watched like any guard, and `doctor` tells of it with the reason', async () => {
    await pair.until(({ health }) => expect(health).toMatchObject({ state: 'sound' }))
    const url = pair.service.options.connectionString ?? ''
    const findings = await diagnoseTables({ monolith: source.url, service: url }, [
      { table: 'stock', guard: REPORTED },
    ])
    expect(findings).toContainEqual(
      expect.objectContaining({ code: 'GUARD_REPORTS', reason: expect.stringContaining(REPORTED.because) }),
    )
  })

  it('cannot be let pass without a reason', () => {
    const config = (guard: { mode: 'report'; because?: string }) => ({
      sides: { monolith: 'http://127.0.0.1:1', shop: 'http://127.0.0.1:1' },
      capabilities: { shop: { endpoints: ['GET /shop'], tables: [{ table: 'stock', guard }] } },
    })
    expect(() => checkConfig(config({ mode: 'report' }))).toThrow(/needs a reason/)
    expect(() => checkConfig(config(REPORTED))).not.toThrow()
  })
})

describe.skipIf(mariadbd === undefined)(`likewise in MariaDB${sayMissing('mariadb')}`, () => {
  it('is kept with its images, and counted by who has written it', async () => {
    const maria = await createMariaDatabase('stray')
    const application = await openConnection(maria.url)
    const kit = await openSyncDatabase(maria.url, { dialect: mariadbDialect })
    await application.query('CREATE TABLE stock (id INT PRIMARY KEY, qty INT)')
    const [table] = await mariadbDialect.introspect(kit.query, maria.name, ['stock'])
    expect(await readStrayWrites(kit, ['stock'])).toEqual([])
    for (const sql of mariadbDialect.guard(table!, 'report')) await kit.query({ sql, params: [] })
    await application.query('INSERT INTO stock VALUES (1, 10)')
    await application.query('UPDATE stock SET qty = 11')
    await application.query('START TRANSACTION')
    await application.query('DELETE FROM stock')
    await application.query('ROLLBACK')
    expect(await readStrayWrites(kit, ['stock'])).toEqual([
      {
        ...{ table: 'stock', count: 2, lastAt: expect.any(String), by: [expect.stringMatching(/^root@/)] },
        rows: [
          expect.objectContaining({ key: '["1"]', op: 'update', columns: ['qty'] }),
          expect.objectContaining({ key: '["1"]', op: 'insert', columns: [] }),
        ],
      },
    ])
    const [rows] = await application.query(
      'SELECT op, before_row, after_row FROM strangler_stray_write ORDER BY id',
    )
    expect(rows).toEqual([
      { op: 'I', before_row: null, after_row: '{"id": "1", "qty": "10"}' },
      { op: 'U', before_row: '{"id": "1", "qty": "10"}', after_row: '{"id": "1", "qty": "11"}' },
    ])
    await Promise.all([application.end(), kit.stop()])
    await maria.drop()
  })
})
