import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { checkConfig } from '../../../strangler/config/define-config.ts'
import { diagnose } from '../../../strangler/doctor-part.ts'
import type { RunStatement } from '../../../strangler/sync/dialect.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { createTestDatabase, openPool, type TestDatabase } from '../../support/postgres.ts'
import { diagnoseTables } from './diagnose-tables.ts'

let databases: TestDatabase[]
let urls: { monolith: string; service: string }
let monolith: pg.Pool

beforeAll(async () => {
  databases = await Promise.all([createTestDatabase('around_monolith'), createTestDatabase('around_service')])
  urls = { monolith: databases[0]?.url ?? '', service: databases[1]?.url ?? '' }
  monolith = openPool(urls.monolith)
})
afterAll(async () => {
  await monolith.end()
  await Promise.all(databases.map((database) => database.drop()))
})

const find = async (code: string, tables: Parameters<typeof diagnoseTables>[1] = ['fine'], from = urls) =>
  (await diagnoseTables(from, tables)).filter((one) => one.code === code)

describe('what the pre-flight finds around the tables of a PostgreSQL', () => {
  /** Settings of a whole database, and what they are found as. */
  it.each([
    ['default_transaction_read_only', 'on', 'NOT_PRIMARY', 'the server is read-only by default'],
    [
      'session_replication_role',
      'replica',
      'REPLICA_ROLE_USED',
      'the database has session_replication_role set',
    ],
  ])('finds %s = %s', async (setting, value, code, reason) => {
    const own = await createTestDatabase('doctor_set')
    databases.push(own)
    const name = new URL(own.url).pathname.slice(1)
    const found = () => find(code, ['fine'], { ...urls, monolith: own.url })
    expect(await found()).toEqual([])
    await monolith.query(`ALTER DATABASE ${name} SET ${setting} = ${value}`)
    expect(await found()).toEqual([expect.objectContaining({ side: 'monolith', reason })])
  })

  it('finds a role with session_replication_role', async () => {
    const role = `doctor_${randomBytes(4).toString('hex')}`
    await monolith.query(`CREATE ROLE ${role}; ALTER ROLE ${role} SET session_replication_role = replica`)
    const reasons = (await find('REPLICA_ROLE_USED')).map(({ reason }) => reason)
    expect(reasons).toContain(`the role ${role} has session_replication_role set`)
    await monolith.query(`DROP ROLE ${role}`)
    expect(await find('REPLICA_ROLE_USED')).toEqual([])
  })

  it('finds a table that a subscription fills', async () => {
    await monolith.query('CREATE TABLE fed (id int PRIMARY KEY)')
    // One that was never connected, and the line that a connection would have made.
    await monolith.query(
      `CREATE SUBSCRIPTION feed CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)`,
    )
    await monolith.query(`SET allow_system_table_mods = on;
      INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate)
        SELECT oid, 'fed'::regclass, 'r' FROM pg_subscription WHERE subname = 'feed';
      RESET allow_system_table_mods`)
    const reason = 'fed is filled by a subscription from another server'
    expect(await find('MULTI_PRIMARY', ['fed'])).toEqual([expect.objectContaining({ table: 'fed', reason })])
    await monolith.query('DROP SUBSCRIPTION feed')
    expect(await find('MULTI_PRIMARY', ['fed'])).toEqual([])
  })

  it('finds transactions that change tables of two capabilities, by what waits in the log', async () => {
    await monolith.query(
      'CREATE TABLE order_line (id int PRIMARY KEY); CREATE TABLE reserved (id int PRIMARY KEY)',
    )
    const run: RunStatement = async ({ sql, params }) => (await monolith.query(sql, [...params])).rows
    const shapes = await postgresDialect.introspect(run, 'public', ['order_line', 'reserved'])
    for (const sql of postgresDialect.captureUp(shapes)) await monolith.query(sql)
    for (const id of [1, 2])
      await monolith.query(
        `BEGIN; INSERT INTO order_line VALUES (${id}); INSERT INTO reserved VALUES (${id}); COMMIT`,
      )
    await monolith.query('INSERT INTO reserved VALUES (3)')
    const found = [
      expect.objectContaining({
        table: 'order_line',
        reason: expect.stringContaining('2 transactions have changed order_line and reserved'),
      }),
    ]
    expect(await find('COUPLED_TRANSACTIONS', ['order_line'])).toEqual(found)
    // All of them by one transaction, which is none of the writers.
    await run(postgresDialect.intake.move(0, 100))
    expect(await find('COUPLED_TRANSACTIONS', ['order_line'])).toEqual(found)
    // And some here, some there.
    await monolith.query('BEGIN; INSERT INTO order_line VALUES (4); INSERT INTO reserved VALUES (4); COMMIT')
    await run(postgresDialect.intake.move(0, 1))
    const [three] = await find('COUPLED_TRANSACTIONS', ['order_line'])
    expect(three?.reason).toContain('3 transactions')
    expect(await find('COUPLED_TRANSACTIONS', ['order_line', 'reserved'])).toEqual([])
    for (const sql of postgresDialect.captureDown(shapes)) await monolith.query(sql)
  })

  it.each([
    ['behind', 10_000],
    ['ahead of', -10_000],
  ])('finds clocks that are %s the kit’s', async (how, byMs) => {
    const now = Date.now
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + byMs)
    const found = await find('CLOCKS_DIFFER')
    clock.mockRestore()
    const reason = expect.stringMatching(new RegExp(`^its clock is (9|10)\\.\\d s ${how} the kit's$`))
    expect(found).toEqual([
      expect.objectContaining({ side: 'monolith', reason }),
      expect.objectContaining({ side: 'shop', reason }),
    ])
  })

  it('finds a table that two capabilities name, and a queue in the monolith’s database', async () => {
    const side = (database: string) => ({ url: 'http://127.0.0.1:1', database })
    const config = checkConfig({
      sides: { monolith: side(urls.monolith), shop: side(urls.service) },
      capabilities: {
        shop: { endpoints: ['GET /shop'], tables: ['fine'] },
        till: { endpoints: ['GET /till'], service: 'shop', tables: ['fine'] },
      },
    })
    const queue = { kind: 'postgres', url: urls.monolith } as const
    const [shop] = await diagnose({ config, queue, report: () => undefined }, 'shop')
    expect(shop?.findings).toContainEqual(
      expect.objectContaining({ code: 'TABLE_SHARED', reason: 'fine is named by shop and by till' }),
    )
    expect(shop?.findings.map(({ code }) => code)).toContain('QUEUE_IN_MONOLITH')
  })
})
