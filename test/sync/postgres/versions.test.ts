import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { createStand, type Session, type Stand, shapeOf } from './stand.ts'

let stand: Stand
let app: Session

beforeAll(async () => {
  stand = await createStand('versions')
  app = await stand.open()
})

afterAll(async () => {
  await app.end()
  await stand.drop()
})

/** A capture as most people write it: numbers from a sequence. `seen` records the order in which the row really changed. */
const installSequenceCapture = async (table: string, cache: number) => {
  await app.query(`CREATE SEQUENCE ${table}_versions CACHE ${cache}`)
  await app.query(`CREATE TABLE ${table}_log (version bigint)`)
  await app.query(`CREATE FUNCTION ${table}_capture() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO ${table}_log VALUES (nextval('${table}_versions')); RETURN NULL; END $$`)
  await app.query(
    `CREATE TRIGGER capture AFTER INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}_capture()`,
  )
}

test('lastval() and the returned rows, counts and errors are those of the application; a sequence in the trigger changes lastval()', async () => {
  await app.query('CREATE TABLE watched (id serial PRIMARY KEY, name text UNIQUE)')
  await app.query('CREATE TABLE twin (id serial PRIMARY KEY, name text UNIQUE)')
  const watched = await shapeOf(app, 'watched')
  await app.runAll(postgresDialect.captureUp([watched]))
  await app.runAll(postgresDialect.guard(watched, 'report'))
  await installSequenceCapture('twin', 1)
  await app.query("SELECT setval('twin_versions', 900000)")

  await app.query("INSERT INTO watched (name) VALUES ('a'), ('b')")
  expect(await app.query('SELECT lastval()')).toEqual([{ lastval: '2' }])
  expect(await app.query("UPDATE watched SET name = name || '!' RETURNING id")).toHaveLength(2)
  await expect(app.query("INSERT INTO watched (name) VALUES ('a!')")).rejects.toMatchObject({ code: '23505' })
  await app.query('TRUNCATE watched')
  expect(await app.query('SELECT lastval()')).toEqual([{ lastval: '3' }])

  await app.query("INSERT INTO twin (name) VALUES ('a'), ('b')")
  expect(await app.query('SELECT lastval()')).toEqual([{ lastval: '900002' }])
})

/** Writers change one row in turns, so that the order of commits is known: they take turns on the row's lock. */
async function changeInTurns(table: string, writers: readonly Session[]): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) {
    await writers[turn % writers.length]!.query(`UPDATE ${table} SET n = n + 1`)
  }
}

test('versions of a row grow in the order of its changes, over many sessions; a sequence with CACHE 32 breaks that order', async () => {
  const writers = [await stand.open(), await stand.open(), await stand.open()]
  await app.query('CREATE TABLE counted (id int PRIMARY KEY, n int)')
  await app.query('CREATE TABLE cached (id int PRIMARY KEY, n int)')
  await app.query('INSERT INTO counted VALUES (1, 0)')
  await app.query('INSERT INTO cached VALUES (1, 0)')
  await app.runAll(postgresDialect.captureUp([await shapeOf(app, 'counted')]))
  await installSequenceCapture('cached', 32)
  await changeInTurns('counted', writers)
  await changeInTurns('cached', writers)
  const sorted = async (log: string) =>
    (
      await app.query(`SELECT bool_and(version > before)::text AS sorted
      FROM (SELECT version, lag(version) OVER (ORDER BY ctid) AS before FROM ${log}) v`)
    )[0]?.['sorted']
  expect(await sorted("strangler.change_intake WHERE tbl = 'counted'")).toBe('true')
  expect(await sorted('cached_log')).toBe('false')
  for (const writer of writers) await writer.end()
})

test('two changes of one row in one transaction, and in a savepoint that is undone, have different versions', async () => {
  await app.query('CREATE TABLE saved (id int PRIMARY KEY, n int)')
  await app.runAll(postgresDialect.captureUp([await shapeOf(app, 'saved')]))
  await app.query('BEGIN')
  await app.query('INSERT INTO saved VALUES (1, 0)')
  await app.query('SAVEPOINT s')
  await app.query('UPDATE saved SET n = 1')
  await app.query('ROLLBACK TO s')
  await app.query('UPDATE saved SET n = 2')
  await app.query('UPDATE saved SET n = 3')
  await app.query('COMMIT')
  const log = await app.query("SELECT version FROM strangler.changes WHERE tbl = 'saved'")
  expect(new Set(log.map((row) => row['version'])).size).toBe(3)
})

test('with four writers at once every version is above the one that the row had before', {
  timeout: 60_000,
}, async () => {
  await app.query('CREATE TABLE raced (id int PRIMARY KEY, n int)')
  await app.query('INSERT INTO raced SELECT id, 0 FROM generate_series(1, 5) id')
  await app.runAll(postgresDialect.captureUp([await shapeOf(app, 'raced')]))
  // Runs before the capture by its name, under the same row lock: the order of n is the order of commits.
  await app.query('CREATE TABLE raced_log AS SELECT key, version, 0 AS n FROM strangler.changes WHERE false')
  await app.query(`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO raced_log SELECT key, version, NEW.n FROM strangler.changes
      WHERE tbl = 'raced' AND key = '["' || NEW.id || '"]' ORDER BY version DESC LIMIT 1;
    RETURN NULL; END $$`)
  await app.query('CREATE TRIGGER zz_note AFTER UPDATE ON raced FOR EACH ROW EXECUTE FUNCTION note()')
  const writers = await Promise.all([1, 2, 3, 4].map(() => stand.open()))
  await Promise.all(
    writers.map(async (writer) => {
      for (let turn = 0; turn < 150; turn += 1) {
        // One row each: random() in the statement is asked for every row, and two that change several rows deadlock.
        await writer.query('UPDATE raced SET n = n + 1 WHERE id = $1', [String(randomInt(1, 6))])
      }
    }),
  )
  const [result] =
    await app.query(`SELECT count(*)::text AS changes, count(*) FILTER (WHERE version <= before)::text AS wrong
    FROM (SELECT version, lag(version) OVER (PARTITION BY key ORDER BY n) AS before FROM raced_log) v`)
  expect(Number(result?.['changes'])).toBeGreaterThan(400)
  expect(result?.['wrong']).toBe('0')
  for (const writer of writers) await writer.end()
})
