import { afterAll, expect, test } from 'vitest'
import { mariadbDialect } from '../../strangler/sync/dialects/mariadb/index.ts'
import { postgresDialect } from '../../strangler/sync/dialects/postgres/index.ts'
import { requireProgram } from '../support/optional.ts'
import { openMariaStand } from './mariadb/maria-stand.ts'
import { withoutWriters } from './older-kit.ts'
import { createStand, shapeOf } from './postgres/stand.ts'

const mariadbd = await requireProgram('mariadb')
const releases: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const release of releases.toReversed()) await release()
})

test('installing over an older kit lets the log of PostgreSQL know its writers, and loses no entry', async () => {
  const stand = await createStand('upgrade')
  releases.push(stand.drop)
  const app = await stand.open()
  releases.push(app.end)
  await app.query('CREATE TABLE stock (id int PRIMARY KEY)')
  const stock = await shapeOf(app, 'stock')
  await app.runAll(withoutWriters(postgresDialect.captureUp([stock])))
  await app.query('INSERT INTO stock VALUES (1)')
  const columns = `SELECT string_agg(attname, ' ') AS names FROM pg_attribute WHERE attrelid = 'strangler.change_log'::regclass AND attnum > 0`
  expect(await app.query(columns)).toEqual([{ names: 'version tbl key op at' }])
  for (let time = 0; time < 2; time += 1) await app.runAll(postgresDialect.captureUp([stock]))
  await app.query('INSERT INTO stock VALUES (2)')
  expect(await app.query('SELECT key, role FROM strangler.changes ORDER BY version')).toEqual([
    { key: '["1"]', role: '' },
    { key: '["2"]', role: 'postgres' },
  ])
  await app.runAll(postgresDialect.captureDown([stock]))
  expect(await app.query(`SELECT to_regnamespace('strangler')::text AS left`)).toEqual([{ left: null }])
})

/** What the kit installed before its function saw to the applier and to the search path by itself. */
function conditional(statements: readonly string[]): string[] {
  return statements.map((sql) =>
    sql
      .replace(
        'FOR EACH ROW EXECUTE',
        `FOR EACH ROW WHEN (coalesce(current_setting('strangler.apply', true), '') = '') EXECUTE`,
      )
      .replace('SECURITY DEFINER AS', 'SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS')
      .replace(/ {2}IF pg_catalog.current_setting\('strangler.apply'[\s\S]+?\n {2}END IF;\n/, ''),
  )
}

test('triggers of an older kit go on until nobody writes, and are then replaced in one step', async () => {
  const stand = await createStand('upgrade_triggers')
  releases.push(stand.drop)
  const app = await stand.open()
  releases.push(app.end)
  await app.query('CREATE TABLE stock (id int PRIMARY KEY)')
  const stock = await shapeOf(app, 'stock')
  await app.runAll(conditional(postgresDialect.captureUp([stock])))
  const read = async () =>
    (
      await app.query(`SELECT (tgqual IS NOT NULL)::text AS conditional, (proconfig IS NOT NULL)::text AS set_path, tgenabled AS enabled
        FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid WHERE tgname = 'strangler_capture_rows'`)
    )[0]
  expect(await read()).toEqual({ conditional: 'true', set_path: 'true', enabled: 'A' })
  const writer = await stand.open()
  await writer.runAll(['BEGIN', 'INSERT INTO stock VALUES (1)'])
  await expect(app.runAll(postgresDialect.captureUp([stock]))).rejects.toMatchObject({ code: '55P03' })
  await writer.runAll(['INSERT INTO stock VALUES (2)', 'COMMIT', 'INSERT INTO stock VALUES (3)'])
  for (let time = 0; time < 2; time += 1) await app.runAll(postgresDialect.captureUp([stock]))
  await writer.query('INSERT INTO stock VALUES (4)')
  expect(await read()).toEqual({ conditional: 'false', set_path: 'false', enabled: 'A' })
  await app.query('BEGIN')
  for (const statement of postgresDialect.beginApply(['stock'])) await app.run(statement)
  await app.runAll(['INSERT INTO stock VALUES (5)', 'COMMIT'])
  expect(await app.query('SELECT key FROM strangler.changes ORDER BY version')).toEqual(
    [1, 2, 3, 4].map((id) => ({ key: `["${id}"]` })),
  )
  await writer.end()
})

test.skipIf(mariadbd === undefined)(
  'installing over an older kit lets the log of a MariaDB know its writers, and loses no entry',
  async () => {
    const stand = await openMariaStand('upgrade')
    releases.push(stand.close)
    await stand.app('CREATE TABLE stock (id INT PRIMARY KEY)')
    const tables = await stand.shapes('stock')
    await stand.runAll(withoutWriters(mariadbDialect.captureUp(tables)))
    await stand.app('INSERT INTO stock VALUES (1)')
    const hasRole = () => stand.app(`SHOW COLUMNS FROM strangler_change_log LIKE 'role'`)
    expect(await hasRole()).toEqual([])
    for (let time = 0; time < 2; time += 1) await stand.runAll(mariadbDialect.captureUp(tables))
    await stand.app('INSERT INTO stock VALUES (2)')
    const entries = await stand.app(
      "SELECT `key` AS k, SUBSTRING_INDEX(role, '@', 1) AS role FROM strangler_change_log ORDER BY version",
    )
    expect(entries).toEqual([
      { k: '["1"]', role: '' },
      { k: '["2"]', role: 'root' },
    ])
    await stand.runAll(mariadbDialect.captureDown(tables))
    expect(await stand.app("SHOW TABLES LIKE 'strangler%'")).toEqual([])
  },
)
