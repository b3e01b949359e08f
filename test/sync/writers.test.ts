import { describe, expect, it } from 'vitest'
import { openSyncDatabase } from '../../strangler/sync/database.ts'
import { mariadbDialect } from '../../strangler/sync/dialects/mariadb/index.ts'
import { covers } from '../../strangler/sync/preflight/find-writers.ts'
import { createMariaDatabase, openConnection } from '../support/mariadb.ts'
import { requireProgram, sayMissing } from '../support/optional.ts'
import { createTestDatabase, openClient, openPool } from '../support/postgres.ts'
import { diagnoseTables } from './preflight/diagnose-tables.ts'
import { openWatchedPair } from './watch/watched-pair.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 60_000

it(
  'who writes past the proxy is a finding, also when the entries are long gone, until it is named with a reason',
  async () => {
    const source = await createTestDatabase('writers')
    const admin = openPool(source.url)
    await admin.query('CREATE TABLE stock (id int PRIMARY KEY)')
    const pair = await openWatchedPair(source.url, { tables: [{ table: 'stock' }] })
    await pair.service.query('CREATE TABLE stock (id int PRIMARY KEY)')
    await pair.sync.install({ epoch: 1 })
    for (const [id, application_name] of [
      [1, 'shop-web'],
      [2, 'nightly-import'],
    ] as const) {
      const client = await openClient(source.url, { application_name })
      await client.query('INSERT INTO stock VALUES ($1)', [id])
      await client.end()
    }
    const urls = { monolith: source.url, service: pair.service.options.connectionString ?? '' }
    const find = async (writers: { role: string; application?: string; because: string }[] = []) =>
      (await diagnoseTables(urls, ['stock'], writers)).filter(({ code }) => code === 'WRITER_UNKNOWN')
    const both = [
      expect.objectContaining({
        severity: 'warns',
        side: 'monolith',
        reason: expect.stringMatching(
          /^postgres \(application "nightly-import"\) has written to stock: 1 changes, the last at 20/,
        ),
      }),
      expect.objectContaining({ reason: expect.stringContaining('(application "shop-web")') }),
    ]
    expect(await find()).toEqual(both)
    pair.backfill()
    await pair.until(({ entries, running }) => {
      expect(entries).toBe(0)
      expect(running?.backfill?.state).toBe('done')
    })
    expect((await admin.query('SELECT FROM strangler.changes')).rowCount).toBe(0)
    expect(await find()).toEqual(both)
    const because = 'it is the monolith behind the proxy'
    expect(await find([{ role: 'postgres', application: 'shop-web', because }])).toEqual([both[0]])
    expect(await find([{ role: 'postgres', because }])).toEqual([])
    await pair.sync.uninstall()
    expect((await admin.query(`SELECT to_regclass('strangler.writer') AS left`)).rows).toEqual([
      { left: null },
    ])
    await pair.stop()
    await admin.end()
    await source.drop()
  },
  SLOW_MS,
)

it.each([
  [{ role: 'shop' }, { role: 'shop', application: 'x' }, true],
  [{ role: 'shop' }, { role: 'shop@10.0.0.7', application: '' }, true],
  [{ role: 'shop@10.0.0.7' }, { role: 'shop@10.0.0.7', application: '' }, true],
  [{ role: 'shop@10.0.0.8' }, { role: 'shop@10.0.0.7', application: '' }, false],
  [{ role: 'shop', application: 'web' }, { role: 'shop', application: 'cron' }, false],
  [{ role: 'shop' }, { role: 'shopper', application: '' }, false],
])('%j covers %j: %s', (rule, writer, expected) => {
  expect(covers(rule, writer)).toBe(expected)
})

describe.skipIf(mariadbd === undefined)(`in MariaDB${sayMissing('mariadb')}`, () => {
  it(
    'the log knows the user, and keeps it when entries are acknowledged',
    async () => {
      const maria = await createMariaDatabase('writers')
      const application = await openConnection(maria.url)
      const kit = await openSyncDatabase(maria.url, { dialect: mariadbDialect })
      await application.query('CREATE TABLE stock (id INT AUTO_INCREMENT PRIMARY KEY)')
      const shapes = await mariadbDialect.introspect(kit.query, maria.name, ['stock'])
      for (const sql of mariadbDialect.captureUp(shapes)) await kit.query({ sql, params: [] })
      await application.query('INSERT INTO stock VALUES (1), (2)')
      const read = () => kit.query(mariadbDialect.readWriters(['stock']))
      const writer = {
        role: expect.stringMatching(/^root@/),
        application: '',
        tables: 'stock',
        last: expect.any(String),
      }
      expect(await read()).toEqual([{ ...writer, changes: '2' }])
      const [entries] = await application.query('SELECT tbl, `key`, version FROM strangler_change_log')
      const acknowledged = (entries as { tbl: string; key: string; version: number }[]).map(
        ({ tbl, key, version }) => ({
          ...{ table: tbl, key },
          version: String(version),
        }),
      )
      for (const one of acknowledged) {
        await kit.query(mariadbDialect.keepWriters([one]))
        await kit.query(mariadbDialect.deleteAcknowledged([one]))
      }
      expect(await read()).toEqual([{ ...writer, changes: '2' }])
      for (const sql of mariadbDialect.captureDown(shapes)) await kit.query({ sql, params: [] })
      const [left] = await application.query(`SHOW TABLES LIKE 'strangler%'`)
      expect(left).toEqual([])
      await Promise.all([application.end(), kit.stop()])
      await maria.drop()
    },
    SLOW_MS,
  )
})
