import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { captureUp } from '../../../strangler/sync/dialects/postgres/capture.ts'
import { createStand, type Session, type Stand, shapeOf } from './stand.ts'

// The capture runs with its owner's rights under the application's search path. Whoever may make a function could otherwise have it run with
// those rights, or have other keys logged.

/** One column of every family that a key may have, so that every name that the capture can use is in it. */
const COLUMNS = [
  'id bigint',
  'price numeric',
  'open boolean',
  'flag bit(1)',
  'raw bytea',
  'ref uuid',
  'day date',
  'hour time',
  'seen timestamp',
  'at timestamptz',
  'name varchar(9) COLLATE "C"',
  'city text',
  'pad char(4)',
  'address inet',
  'mood public.mood',
]
const NAMES = COLUMNS.map((column) => column.split(' ')[0])
const ROW = `(1, 2.50, true, B'1', '\\x0a', '00000000-0000-0000-0000-00000000000a', '2026-01-02', '03:04', '2026-01-02 03:04', '2026-01-02 03:04Z', 'n', 'c', 'p', '10.0.0.1', 'good')`
const KEY =
  '["1","2.5","true","1","0a","00000000-0000-0000-0000-00000000000a","2026-01-02","03:04:00.000000","2026-01-02 03:04:00.000000","2026-01-02 03:04:00.000000","n","c","p","10.0.0.1/32","good"]'

/** Every operator and function of these names, for every type that the catalogue has them for; and what else a name can be found as. */
const SHADOW = `DO $do$ DECLARE f record; n int := 0; BEGIN
  CREATE SCHEMA hostile;
  FOR f IN SELECT p.proname AS name, p.prorettype::regtype AS gives, (SELECT string_agg(format_type(t, NULL), ', ') FROM unnest(p.proargtypes) t) AS takes
    FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.provariadic = 0
    AND p.proname IN ('current_setting', 'strpos', 'pg_current_wal_insert_lsn', 'clock_timestamp', 'to_json', 'left', 'trim_scale', 'encode', 'isfinite', 'to_char')
  LOOP
    EXECUTE format($f$CREATE FUNCTION hostile.%I(%s) RETURNS %s LANGUAGE plpgsql AS $b$ BEGIN RAISE 'hijacked by a function'; END $b$$f$, f.name, f.takes, f.gives);
  END LOOP;
  FOR f IN SELECT o.oprname AS name, format_type(o.oprleft, NULL) AS l, format_type(o.oprright, NULL) AS r, o.oprresult::regtype AS gives FROM pg_operator o
    WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprname IN ('||', '=', '<>', '<', '-') AND o.oprleft <> 0
    AND o.oprresult NOT IN ('anyarray'::regtype, 'anycompatiblearray'::regtype, 'anymultirange'::regtype, 'anyrange'::regtype)
  LOOP
    n := n + 1;
    EXECUTE format($f$CREATE FUNCTION hostile.op_%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS $b$ BEGIN RAISE 'hijacked by an operator'; END $b$$f$, n, f.l, f.r, f.gives);
    EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = hostile.op_%s)', f.name, f.l, f.r, n);
  END LOOP;
  CREATE DOMAIN hostile.text AS pg_catalog.int4 CHECK (false);
  CREATE DOMAIN hostile.pg_lsn AS pg_catalog.int4 CHECK (false);
  GRANT USAGE ON SCHEMA hostile TO PUBLIC;
END $do$`

let stand: Stand
let owner: Session
let app: Session
const role = `hostile_${process.pid}`

beforeAll(async () => {
  stand = await createStand('search_path')
  owner = await stand.open()
  await owner.runAll([
    "CREATE TYPE mood AS ENUM ('good', 'bad')",
    `CREATE TABLE thing (${COLUMNS.join(', ')}, PRIMARY KEY (${NAMES.join(', ')}))`,
    SHADOW,
    `CREATE ROLE ${role}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON thing TO ${role}`,
  ])
})

beforeEach(async () => {
  await owner.runAll(captureUp([await shapeOf(owner, 'thing')]))
  await owner.query('TRUNCATE strangler.change_intake')
})

afterAll(async () => {
  await owner.runAll([`DROP OWNED BY ${role}`, `DROP ROLE ${role}`])
  await owner.end()
  await stand.drop()
})

/** Each with a session of its own: a plan is kept for as long as its search path is. */
async function writeAs(statements: readonly string[]): Promise<string[]> {
  app = await stand.open()
  try {
    await app.runAll([
      'CREATE TEMP TABLE change_intake (version int, tbl int, key int)',
      `GRANT ALL ON change_intake TO ${role}`,
      `SET ROLE ${role}`,
      'SET search_path = pg_temp, hostile, pg_catalog',
      ...statements,
    ])
  } finally {
    await app.end()
  }
  const log = await owner.query('SELECT op, key FROM strangler.changes ORDER BY version')
  return log.map(({ op, key }) => `${op} ${key}`)
}

const WRITES = [
  // As an applier of other tables: all of the question whether it is silent is asked.
  `SET LOCAL strangler.apply = ' other '`,
  `INSERT INTO public.thing VALUES ${ROW}`,
  'UPDATE public.thing SET open = open',
  'UPDATE public.thing SET id = 2',
  "UPDATE public.thing SET day = '-infinity', seen = '0044-03-15 00:00 BC'",
  'DELETE FROM public.thing',
  'TRUNCATE public.thing',
]

test('whatever the application puts before pg_catalog in its search path, the same keys are logged', async () => {
  const moved = KEY.replace('["1"', '["2"')
  const early = moved
    .replace('"2026-01-02","03', '"-infinity","03')
    .replace('"2026-01-02 03:04:00.000000"', '"0044-03-15 00:00:00.000000 BC"')
  expect(await writeAs(['BEGIN', ...WRITES, 'COMMIT'])).toEqual([
    `I ${KEY}`,
    `U ${KEY}`,
    `U ${KEY}`,
    `U ${moved}`,
    `U ${moved}`,
    `U ${early}`,
    `D ${early}`,
    'T ',
  ])
})

test('negative control: each single name of it without its schema is found elsewhere by such an application', async () => {
  const [row] = await owner.query(`SELECT prosrc FROM pg_proc WHERE proname = 'capture_public_thing'`)
  const qualified = new Set(row?.['prosrc']?.match(/OPERATOR\(pg_catalog\.[^)]+\)|pg_catalog\.\w+/g))
  expect(qualified.size).toBeGreaterThanOrEqual(14)
  for (const name of qualified) {
    const bare = name.replace(/^OPERATOR\(pg_catalog\.(.+)\)$/, '$1').replace('pg_catalog.', '')
    await owner.runAll(
      captureUp([await shapeOf(owner, 'thing')]).map((sql) =>
        sql.startsWith('CREATE OR REPLACE FUNCTION') ? sql.replaceAll(name, bare) : sql,
      ),
    )
    const outcome = await writeAs(['BEGIN', ...WRITES, 'ROLLBACK']).catch((error: Error) => error.message)
    expect(outcome, name).toMatch(/hijacked|check constraint|invalid input syntax|does not exist|cannot cast/)
  }
})

test('and nothing in it looks for an operator by itself', async () => {
  const [row] = await owner.query(`SELECT prosrc FROM pg_proc WHERE proname = 'capture_public_thing'`)
  expect(row?.['prosrc']).not.toMatch(/\b(DISTINCT|NULLIF|IN|LIKE|BETWEEN|ANY|ALL|SIMILAR)\b|CASE (?!WHEN)/)
  const outsideTexts = row?.['prosrc']
    ?.replaceAll(/'[^']*'|"[^"]*"/g, '')
    .replaceAll(/OPERATOR\(pg_catalog\.[^)]+\)/g, '')
  expect(outsideTexts).not.toMatch(/[<>=|+*/]/)
})
