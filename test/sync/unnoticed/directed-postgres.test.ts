import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { openClient } from '../../support/postgres.ts'
import { createStand, type Session, type Stand, shapeOf } from '../postgres/stand.ts'

const TABLES = ['item', 'part', 'secret', 'by_year']

/** The application's schema; the same statements run without capture and with it. */
const SCHEMA = [
  'CREATE TABLE item (id serial PRIMARY KEY, name text UNIQUE NOT NULL, n integer CHECK (n >= 0), updated timestamptz DEFAULT now())',
  'CREATE TABLE part (id bigserial PRIMARY KEY, item_id integer NOT NULL REFERENCES item ON DELETE CASCADE)',
  'CREATE TABLE secret (id integer PRIMARY KEY, owner name DEFAULT current_user, v text)',
  'ALTER TABLE secret ENABLE ROW LEVEL SECURITY',
  'CREATE POLICY own ON secret USING (owner = current_user) WITH CHECK (owner = current_user)',
  'CREATE TABLE by_year (id integer, year integer, v text, PRIMARY KEY (id, year)) PARTITION BY RANGE (year)',
  'CREATE TABLE by_year_old PARTITION OF by_year FOR VALUES FROM (0) TO (2025)',
  'CREATE TABLE by_year_new PARTITION OF by_year FOR VALUES FROM (2025) TO (9999)',
]

/** What an application may do, and look at afterwards. Each is run as it stands, errors included. */
const STATEMENTS: readonly string[] = [
  "INSERT INTO item (name, n) VALUES ('a', 1), ('b', 2) RETURNING id, name",
  'SELECT lastval()',
  "SELECT currval('item_id_seq')",
  "INSERT INTO item (name, n) VALUES ('a', 9) ON CONFLICT (name) DO UPDATE SET n = excluded.n RETURNING id, n, xmax <> 0 AS was_there",
  "INSERT INTO item (name) VALUES ('a') ON CONFLICT DO NOTHING",
  'INSERT INTO part (item_id) VALUES (1), (1), (2)',
  'SELECT lastval()',
  'UPDATE item SET n = n + 1 RETURNING id, n',
  'UPDATE item SET n = 0 WHERE false',
  "INSERT INTO item (name) VALUES ('a')",
  'INSERT INTO item (name) VALUES (NULL)',
  "INSERT INTO item (name, n) VALUES ('c', -1)",
  'INSERT INTO part (item_id) VALUES (99)',
  'SELECT lastval()',
  'BEGIN',
  "INSERT INTO item (name) VALUES ('kept')",
  'SAVEPOINT one',
  "INSERT INTO item (name) VALUES ('kept')",
  'ROLLBACK TO one',
  "INSERT INTO item (name) VALUES ('undone')",
  'ROLLBACK TO one',
  'RELEASE one',
  'COMMIT',
  'PREPARE add (text) AS INSERT INTO item (name) VALUES ($1) RETURNING name',
  "EXECUTE add('prepared')",
  'SET search_path = pg_temp',
  "INSERT INTO public.item (name) VALUES ('elsewhere')",
  'RESET search_path',
  "INSERT INTO by_year VALUES (1, 2024, 'x'), (2, 2025, 'y')",
  'UPDATE by_year SET year = 2030 WHERE id = 1',
  'SELECT tableoid::regclass::text, * FROM by_year ORDER BY id',
  'DELETE FROM item WHERE id = 1',
  'SELECT count(*) FROM part',
  'TRUNCATE part',
  'SET ROLE $ROLE',
  "INSERT INTO item (id, name) VALUES (500, 'by a role with few privileges')",
  "INSERT INTO secret (id, v) VALUES (1, 'mine')",
  "INSERT INTO secret (id, owner, v) VALUES (2, 'somebody', 'not mine')",
  'UPDATE secret SET v = v',
  'SELECT count(*) FROM secret',
  'DELETE FROM item WHERE id = 500',
  'RESET ROLE',
]

interface Answer {
  readonly rows: unknown
  readonly rowCount?: number | null
  readonly error: string | undefined
}

describe('an application on a captured PostgreSQL', () => {
  let stand: Stand
  let app: Session
  const role = `few_${process.pid}`

  beforeAll(async () => {
    stand = await createStand('unnoticed')
    app = await stand.open()
    await app.query(`CREATE ROLE ${role}`)
  })
  afterAll(async () => {
    await app.query(`DROP OWNED BY ${role}`)
    await app.query(`DROP ROLE ${role}`)
    await app.end()
    await stand.drop()
  })

  /** A fresh schema, what is to be installed, then everything that the application does, and what it was answered. */
  async function live(install: () => Promise<void>): Promise<Answer[]> {
    await app.runAll([
      'DROP SCHEMA IF EXISTS strangler CASCADE',
      'DROP SCHEMA public CASCADE',
      'CREATE SCHEMA public',
    ])
    await app.runAll(SCHEMA)
    await app.runAll([
      `GRANT USAGE ON SCHEMA public TO ${role}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON item, secret TO ${role}`,
    ])
    await install()
    // lastval and prepared statements are the session's.
    const client = await openClient(stand.url)
    const answers: Answer[] = []
    for (const statement of STATEMENTS) {
      const sql = statement.replace('$ROLE', role)
      answers.push(
        await client.query(sql).then(
          ({ rows, rowCount }) => ({ rows, rowCount, error: undefined }),
          (error: { code: string; message: string; constraint?: string }) => ({
            rows: undefined,
            error: `${error.code} ${error.message} ${error.constraint ?? ''}`,
          }),
        ),
      )
    }
    await client.end()
    return answers
  }

  async function capture() {
    const shapes = await Promise.all(TABLES.map((table) => shapeOf(app, table)))
    await app.runAll(postgresDialect.captureUp(shapes))
  }
  const logged = async () =>
    (await app.query('SELECT tbl, op, count(*) AS n FROM strangler.changes GROUP BY 1, 2 ORDER BY 1, 2')).map(
      ({ tbl, op, n }) => `${tbl} ${op} ${n}`,
    )

  test('is answered exactly as without capture: rows, counts, generated ids, error codes and messages', async () => {
    const without = await live(async () => undefined)
    const captured = await live(capture)
    expect(captured).toEqual(without)
    // Some of them must be errors, or the comparison would say little.
    expect(without.filter(({ error }) => error !== undefined).map(({ error }) => error!.slice(0, 5))).toEqual(
      ['23505', '23502', '23514', '23503', '23505', '42501'],
    )
    expect(await logged()).toEqual(
      expect.arrayContaining(['by_year D 1', 'item D 2', 'part T 1', 'secret I 1', 'secret U 1']),
    )
  })

  test('negative control: a trigger that numbers its entries by a sequence changes lastval()', async () => {
    const without = await live(async () => undefined)
    const numbered = await live(async () => {
      await capture()
      await app.runAll([
        'CREATE SEQUENCE strangler.number START 900001',
        "ALTER TABLE strangler.change_intake ADD COLUMN number bigint DEFAULT nextval('strangler.number')",
      ])
    })
    expect(numbered).not.toEqual(without)
    expect(numbered[1]!.rows).not.toEqual(without[1]!.rows)
  })

  test('is captured as a replication client and while it copies', async () => {
    await live(capture)
    await app.query('DELETE FROM strangler.change_intake')
    await app.runAll([
      "SET session_replication_role = 'replica'",
      "INSERT INTO item (id, name) VALUES (700, 'replica')",
      "SET session_replication_role = 'origin'",
      "COPY item (name) FROM PROGRAM 'echo copied; echo too'",
    ])
    expect(await logged()).toEqual(['item I 3'])
  })

  test('loses a serialization conflict and a deadlock with the same codes', async () => {
    await live(capture)
    const other = await stand.open()
    await app.runAll(["INSERT INTO item (id, name, n) VALUES (801, 'x', 1), (802, 'y', 1)"])
    const code = (error: { code: string }) => error.code
    for (const session of [app, other]) await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    for (const session of [app, other]) await session.query('SELECT * FROM item')
    await app.query('UPDATE item SET n = 2 WHERE id = 801')
    await app.query('COMMIT')
    expect(await other.query('UPDATE item SET n = 3 WHERE id = 801').catch(code)).toBe('40001')
    await other.query('ROLLBACK')
    for (const session of [app, other]) await session.query('BEGIN')
    await app.query('UPDATE item SET n = 4 WHERE id = 801')
    await other.query('UPDATE item SET n = 4 WHERE id = 802')
    const outcomes = await Promise.all([
      app.query('UPDATE item SET n = 5 WHERE id = 802').catch(code),
      other.query('UPDATE item SET n = 5 WHERE id = 801').catch(code),
    ])
    expect(outcomes.filter((outcome) => outcome === '40P01')).toHaveLength(1)
    for (const session of [app, other]) await session.query('ROLLBACK')
    await other.end()
  })
})
