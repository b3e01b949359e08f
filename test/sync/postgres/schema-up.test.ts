import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { createStand, type Session, type Stand } from './stand.ts'

const role = `small_${randomBytes(4).toString('hex')}`
let stand: Stand
let app: Session
let other: Session
let watcher: Session

beforeAll(async () => {
  stand = await createStand('schema_up')
  ;[app, other, watcher] = [await stand.open(), await stand.open(), await stand.open()]
})
afterAll(async () => {
  await Promise.all([app, other, watcher].map((session) => session.end()))
  await stand.drop()
})
const isThere = async () =>
  (await app.query(`SELECT to_regnamespace('strangler')::text AS name`))[0]?.['name']

/** The second waits for the first, which then commits. */
async function makeAtOnce(statements: readonly string[]): Promise<unknown> {
  await app.query('DROP SCHEMA IF EXISTS strangler')
  await app.runAll(['BEGIN', ...statements])
  const second = other.runAll(statements).then(
    () => 'made',
    (error: { code: string }) => error.code,
  )
  await expect
    .poll(() =>
      watcher.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      ),
    )
    .toHaveLength(1)
  await app.query('COMMIT')
  return second
}

test('two that make the kit’s schema at once both have it; of two that only ask for it to be made if it is not there, one fails', async () => {
  // A busy machine may be late: then it gives up, to be tried again, which is not what this is about.
  const patient = postgresDialect
    .schemaUp()
    .map((sql) => sql.replace("PERFORM set_config('lock_timeout', '1s', true);", ''))
  expect(await makeAtOnce(patient)).toBe('made')
  expect(await isThere()).toBe('strangler')
  expect(await makeAtOnce(['CREATE SCHEMA IF NOT EXISTS strangler'])).toBe('23505')
})

test('whoever may not create schemas is not asked to where it is there', async () => {
  await app.runAll([`CREATE ROLE ${role}`, `SET ROLE ${role}`])
  await app.runAll(postgresDialect.schemaUp())
  await expect(app.query('CREATE SCHEMA IF NOT EXISTS strangler')).rejects.toMatchObject({ code: '42501' })
  await app.runAll(['RESET ROLE', `DROP ROLE ${role}`])
})
