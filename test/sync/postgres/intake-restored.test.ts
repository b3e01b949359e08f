import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { type CapturedStock, captureStock } from './captured-stock.ts'
import type { Session } from './stand.ts'

const { intake } = postgresDialect
const COLUMNS = 'version, tbl, key, op, at, role, application, traceparent'
let own: CapturedStock
let app: Session
let kit: Session

beforeAll(async () => {
  own = await captureStock('restored_intake', 'CREATE TABLE stock (id int PRIMARY KEY, n int)')
  ;({ app, kit } = own)
})
beforeEach(async () => {
  await app.query('DELETE FROM stock')
  await own.forget()
  // Six transactions, on three rows.
  await app.runAll([
    'INSERT INTO stock VALUES (1, 1)',
    'INSERT INTO stock VALUES (2, 1)',
    'UPDATE stock SET n = 2 WHERE id = 1',
    'INSERT INTO stock VALUES (3, 1)',
    'UPDATE stock SET n = 2 WHERE id = 2',
    'UPDATE stock SET n = 3 WHERE id = 1',
  ])
})
afterAll(() => own?.close())

/** As a dump that is read in again leaves them: all of one transaction, and in whichever order. */
async function restoreEntries(order: string): Promise<void> {
  await app.runAll([
    'BEGIN',
    `CREATE TEMP TABLE dumped ON COMMIT DROP AS SELECT ${COLUMNS} FROM strangler.change_intake`,
    'DELETE FROM strangler.change_intake',
    `INSERT INTO strangler.change_intake (${COLUMNS}) SELECT ${COLUMNS} FROM dumped ORDER BY ${order}`,
    'COMMIT',
  ])
}
const ask = async (sql: string) => (await kit.query(sql)).map((row) => Object.values(row).join(' '))
const pending = async () =>
  (await kit.run(postgresDialect.readPending(own.columns, 9))).map(({ key, version, oldest }) => ({
    key,
    version,
    oldest,
  }))
const moveAll = async (atOnce: number) => {
  while ((await kit.run(intake.move(0, atOnce)))[0]?.['moved'] !== '0') await pending()
}

test('entries that were restored are pending as before: in the order of their versions, whichever place they have, and whoever wrote them', async () => {
  const versions = await ask('SELECT version FROM strangler.change_intake ORDER BY version')
  expect(await ask('SELECT count(DISTINCT xmin::text) FROM strangler.change_intake')).toEqual(['6'])
  await restoreEntries('version DESC')
  expect(await ask('SELECT count(DISTINCT xmin::text) FROM strangler.change_intake')).toEqual(['1'])
  const [first, second, , fourth, fifth, sixth] = versions
  const wanted = [
    { key: '["1"]', version: sixth, oldest: first },
    { key: '["2"]', version: fifth, oldest: second },
    { key: '["3"]', version: fourth, oldest: fourth },
  ]
  await moveAll(2)
  expect(await ask('SELECT version FROM strangler.change_log ORDER BY version')).toEqual(versions)
  expect(await pending()).toEqual(wanted)
  // As whoever trusted the order of the places, which is that of the moves, would have them, they are not.
  expect(await ask('SELECT version FROM strangler.change_log ORDER BY ctid')).not.toEqual(versions)
})

test('in whichever part of them has been moved, a key is read with the newest version of that part and the row as it is', async () => {
  await restoreEntries('random()')
  for (let moved = 0; moved < 6; moved += 1) {
    await kit.run(intake.move(0, 1))
    const newest = await ask(
      'SELECT key, max(version), min(version) FROM strangler.change_log GROUP BY key ORDER BY min(version)',
    )
    expect((await pending()).map(({ key, version, oldest }) => `${key} ${version} ${oldest}`)).toEqual(newest)
  }
})

test('none of them is seen, or moved, before all are there, and no move waits for that', async () => {
  await own.forget()
  const restoring = await own.stand.open()
  await restoring.runAll([
    'BEGIN',
    `INSERT INTO strangler.change_intake (${COLUMNS})
     SELECT n, 'stock', '["9"]', 'U', now(), '', '', NULL FROM generate_series(1, 3) n`,
  ])
  const moved = async () => (await kit.run(intake.move(0, 9)))[0]?.['moved']
  expect([await ask('SELECT count(*) FROM strangler.changes'), await moved()]).toEqual([['0'], '0'])
  await restoring.query('COMMIT')
  expect([await ask('SELECT count(*) FROM strangler.changes'), await moved()]).toEqual([['3'], '3'])
  await restoring.end()
})
