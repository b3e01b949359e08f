import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSide } from '../../../strangler/sync/database-pair.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { readWaitingTruncate } from '../../../strangler/sync/waiting-truncate.ts'
import { allColumns, createStand, type Session, type Stand, shapeOf } from './stand.ts'

const { intake } = postgresDialect
const [older, running] = ['installed_it', 'runs_it'].map(
  (name) => `${name}_${randomBytes(4).toString('hex')}`,
)
let stand: Stand
let kit: Session
let app: Session

/** Log, functions and triggers are a role's that is not the one of today, and there is no intake yet. */
beforeAll(async () => {
  stand = await createStand('intake_owner')
  kit = await stand.openKit()
  app = await stand.open()
  await kit.runAll([
    'CREATE TABLE stock (id int PRIMARY KEY, n int)',
    `CREATE ROLE ${older}`,
    `CREATE ROLE ${running}`,
    `GRANT CREATE ON DATABASE ${new URL(stand.url).pathname.slice(1)} TO ${older}`,
    `ALTER TABLE stock OWNER TO ${older}`,
    `SET ROLE ${older}`,
  ])
  await kit.runAll(postgresDialect.captureUp([await shapeOf(kit, 'stock')]))
  await kit.runAll([
    `GRANT USAGE ON SCHEMA strangler TO ${running}`,
    `GRANT ALL ON strangler.change_log TO ${running}`,
    'DROP VIEW strangler.changes',
    'DROP TABLE strangler.change_intake',
    'RESET ROLE',
  ])
})
afterAll(async () => {
  await kit.runAll([`DROP OWNED BY ${older}, ${running} CASCADE`, `DROP ROLE ${older}, ${running}`])
  await Promise.all([kit.end(), app.end()])
  await stand.drop()
})

test('whoever installs a newer kit leaves the application its writes, and the role that runs the sync its moves', async () => {
  await kit.runAll(postgresDialect.captureUp([await shapeOf(kit, 'stock')]))
  await app.query('INSERT INTO stock VALUES (1, 1)')
  await kit.query(`SET ROLE ${running}`)
  expect(await kit.run(intake.move(0, 10))).toMatchObject([{ moved: '1' }])
  expect(await kit.query('SELECT key FROM strangler.changes')).toEqual([{ key: '["1"]' }])
  await kit.query('RESET ROLE')
})

test('negative control: under the owner of whoever came last the application’s write fails', async () => {
  await kit.query('ALTER TABLE strangler.change_intake OWNER TO CURRENT_USER')
  await kit.query(`REVOKE ALL ON strangler.change_intake FROM ${older}`)
  await expect(app.query('INSERT INTO stock VALUES (2, 2)')).rejects.toMatchObject({ code: '42501' })
})

test('whoever may only look reads a log of an older kit as it is, changes nothing, and sees the intake as soon as there is one', async () => {
  await kit.runAll([
    'DROP VIEW strangler.changes',
    'DROP TABLE strangler.change_intake',
    `ALTER ROLE ${running} LOGIN PASSWORD 'looks'`,
    `GRANT SELECT ON stock TO ${running}`,
    `GRANT SELECT ON strangler.writer TO ${running}`,
    `DELETE FROM strangler.change_log`,
    `INSERT INTO strangler.change_log (version, tbl, key, op, at, role) VALUES (5, 'stock', '["1"]', 'I', now(), 'shop')`,
  ])
  const readCatalogueOfKit = () =>
    kit.query(`SELECT relname FROM pg_class WHERE relnamespace = 'strangler'::regnamespace ORDER BY 1`)
  const before = await readCatalogueOfKit()
  const url = Object.assign(new URL(stand.url), { username: running, password: 'looks' }).href
  const reports: string[] = []
  const opened = await openSide({ side: 'monolith', url }, (operation, error) => {
    reports.push(`${operation}: ${String(error)}`)
  })
  const table = await shapeOf(kit, 'stock')
  const columns = allColumns(table)
  const lagOf = async () => (await opened.query(postgresDialect.readLag([table])))[0]?.['entries']
  expect(await lagOf()).toBe('1')
  expect(await opened.query(postgresDialect.readKeys(columns, ['["1"]']))).toMatchObject([{ version: '5' }])
  expect(await opened.query(postgresDialect.readRange(columns, undefined, 9))).toMatchObject([
    { version: '5' },
  ])
  expect(await opened.query(postgresDialect.readWaiting(table, 9, []))).toHaveLength(1)
  expect(await opened.query(postgresDialect.readWriters(['stock']))).toMatchObject([{ role: 'shop' }])
  expect(await readWaitingTruncate(opened, 'stock')).toBeUndefined()
  expect(await readCatalogueOfKit()).toEqual(before)
  // The log of a source that was restored is emptied before the sync brings it up.
  await kit.runAll(['BEGIN', ...postgresDialect.forgetChanges('stock'), 'ROLLBACK'])
  await kit.runAll(postgresDialect.captureUp([table]))
  await app.query('INSERT INTO stock VALUES (7, 7)')
  expect(await lagOf()).toBe('2')
  expect(reports).toEqual([])
  await opened.stop()
  await app.query('DELETE FROM stock')
  await kit.runAll(postgresDialect.forgetChanges('stock'))
})

test('a type of the application that is called as one of PostgreSQL’s stops no move', async () => {
  const hostile = await stand.open()
  await hostile.runAll([
    'CREATE TABLE point (id int)',
    'CREATE TABLE tid (id int)',
    'SET search_path = public, pg_catalog',
  ])
  expect(await hostile.run(intake.move(0, 10))).toMatchObject([{ moved: '0' }])
  const { sql, params } = intake.move(0, 10)
  const twin = { sql: sql.replace('pg_catalog.point', 'point'), params }
  await expect(hostile.run(twin)).rejects.toMatchObject({ code: '42804' })
  await hostile.end()
})

test('the kit’s transactions are READ COMMITTED where the database is SERIALIZABLE: the application’s would fail of them', async () => {
  const name = new URL(stand.url).pathname.slice(1)
  await kit.query(`ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`)
  const [plain, own] = [await stand.open(), await stand.openKit()]
  const levelOf = async (session: Session) => (await session.query('SHOW transaction_isolation'))[0]
  expect(await levelOf(plain)).toEqual({ transaction_isolation: 'serializable' })
  expect(await levelOf(own)).toEqual({ transaction_isolation: 'read committed' })
  await Promise.all([plain.end(), own.end()])
})
