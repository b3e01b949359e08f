import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canonicalizeCell } from '../../../strangler/sync/canonical.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { allColumns, applyEntries, createStand, type Session, type Stand, shapeOf, toEntry } from './stand.ts'
import { OWN_TYPES, TYPE_CASES } from './type-cases.ts'

let stand: Stand
let app: Session
let kit: Session

beforeAll(async () => {
  stand = await createStand('types')
  app = await stand.open()
  await app.runAll(OWN_TYPES)
  // What an operator may have set for the whole database: no text on the wire may depend on it.
  const database = new URL(stand.url).pathname.slice(1)
  for (const setting of [
    "TimeZone = 'Asia/Kathmandu'",
    "DateStyle = 'German, DMY'",
    "IntervalStyle = 'sql_standard'",
    "bytea_output = 'escape'",
    'extra_float_digits = 0',
  ]) {
    await app.query(`ALTER DATABASE ${database} SET ${setting}`)
  }
  await app.end()
  app = await stand.open()
  kit = await stand.openKit()
  await app.runAll(['CREATE SCHEMA source', 'CREATE SCHEMA target', ...postgresDialect.targetUp()])
})

afterAll(async () => {
  await app.end()
  await kit.end()
  await stand.drop()
})

/** Reads every captured row of `source.<table>` and applies it to `target.<table>`. */
async function carryOver(table: string): Promise<(string | null)[][]> {
  const source = allColumns(await shapeOf(kit, table, 'source'))
  const target = allColumns(await shapeOf(kit, table, 'target'))
  await kit.run(postgresDialect.intake.move(0, 1000))
  const rows = await kit.run(postgresDialect.readPending(source, 1000))
  const entries = rows.map((row) => toEntry(source.table, row, source.columns.length))
  await applyEntries(kit, target, entries)
  return entries.map((entry) => [...(entry.row ?? [])])
}

describe.each(TYPE_CASES.map((one, index) => ({ ...one, table: `case_${index}` })))(
  '$type',
  ({ type, family, values, table }) => {
    test('travels as its canonical text and arrives as the same value, NULL too', async () => {
      for (const schema of ['source', 'target']) {
        await app.query(`CREATE TABLE ${schema}.${table} (id int PRIMARY KEY, v ${type})`)
      }
      const shape = await shapeOf(kit, table, 'source')
      expect(shape.columns[1]).toMatchObject({ family, type: type === 'price' ? 'public.price' : type })
      await app.runAll(postgresDialect.captureUp([shape]))
      const all = [...values.map(([sql]) => sql), 'NULL']
      for (const [id, sql] of all.entries())
        await app.query(`INSERT INTO source.${table} VALUES (${id}, ${sql})`)
      const sent = await carryOver(table)
      expect(sent.map(([, text]) => text)).toEqual([...values.map(([, text]) => text), null])
      const [difference] = await kit.query(`SELECT count(*) AS n FROM source.${table} s
      FULL JOIN target.${table} t USING (id) WHERE s.v::text IS DISTINCT FROM t.v::text`)
      expect(difference).toEqual({ n: '0' })
      for (const [, text] of values) {
        // What the database writes as canonical is what JavaScript holds for canonical, except where one form is not unique.
        if (!['json', 'array', 'float'].includes(family)) expect(canonicalizeCell(family, text)).toBe(text)
      }
    })
  },
)

test('a value that is too long for the target is refused, where an explicit cast would cut it without a word', async () => {
  await app.runAll([
    'CREATE TABLE source.wide (id int PRIMARY KEY, v varchar(9), b bit varying(9))',
    'CREATE TABLE target.wide (id int PRIMARY KEY, v varchar(3), b bit varying(3))',
  ])
  await app.runAll(postgresDialect.captureUp([await shapeOf(kit, 'wide', 'source')]))
  await app.query("INSERT INTO source.wide VALUES (1, 'abcdef', NULL)")
  await expect(carryOver('wide')).rejects.toMatchObject({ code: '22001' })
  await app.query("UPDATE source.wide SET v = NULL, b = '01010'")
  await expect(carryOver('wide')).rejects.toMatchObject({ code: '22001' })
  expect(await kit.query("SELECT 'abcdef'::varchar(3) AS cut, '01010'::bit(3) AS bits")).toEqual([
    { cut: 'abc', bits: '010' },
  ])
})

test('generated columns are left to the target, identity values are those of the source', async () => {
  for (const schema of ['source', 'target']) {
    await app.query(`CREATE TABLE ${schema}.made (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      n int, twice int GENERATED ALWAYS AS (n * 2) STORED)`)
  }
  const shape = await shapeOf(kit, 'made', 'source')
  expect(shape.columns.map(({ identity, generated }) => ({ identity, generated }))).toEqual([
    { identity: true, generated: false },
    { identity: false, generated: false },
    { identity: false, generated: true },
  ])
  await app.runAll(postgresDialect.captureUp([shape]))
  await app.query('INSERT INTO source.made OVERRIDING SYSTEM VALUE VALUES (9007199254740993, 21)')
  await carryOver('made')
  expect(await kit.query('SELECT * FROM target.made')).toEqual([
    { id: '9007199254740993', n: '21', twice: '42' },
  ])
})

const KEYS: readonly (readonly [string, string, string])[] = [
  ['bigint', '9007199254740993', '["9007199254740993"]'],
  ['numeric(20,4)', '1.5000', '["1.5"]'],
  ['timestamptz', "'2024-01-01 00:00+05:45'", '["2023-12-31 18:15:00.000000"]'],
  ['timestamp', "'2024-01-01 00:00:00.000001'", '["2024-01-01 00:00:00.000001"]'],
  ['date', "'2024-01-31'", '["2024-01-31"]'],
  ['time', "'01:02'", '["01:02:00.000000"]'],
  ['bytea', "'\\xff00'", '["ff00"]'],
  ['uuid', "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", '["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]'],
  ['char(4)', "'ab'", '["ab"]'],
  ['varchar(9)', `'it''s "🐘"'`, '["it\'s \\"🐘\\""]'],
  ['mood', `'it''s "so"'`, '["it\'s \\"so\\""]'],
  ['boolean', 'true', '["true"]'],
  ['bit(4)', "'0101'", '["0101"]'],
  ['inet', "'10.0.0.1'", '["10.0.0.1/32"]'],
  ['name', "'n'", '["n"]'],
]

test.each(KEYS)(
  'a %s is a key: written by the trigger whatever the session is set to, found again by its text',
  async (type, sql, text) => {
    const table = `key_${type.replaceAll(/\W/g, '_')}`
    for (const schema of ['source', 'target']) {
      await app.query(`CREATE TABLE ${schema}.${table} (k ${type} PRIMARY KEY, v int)`)
    }
    const shape = await shapeOf(kit, table, 'source')
    await app.runAll(postgresDialect.captureUp([shape]))
    await app.query(`INSERT INTO source.${table} VALUES (${sql}, 1)`)
    await kit.run(postgresDialect.intake.move(0, 1000))
    const [pending] = await kit.run(postgresDialect.readPending(allColumns(shape), 10))
    expect(pending).toMatchObject({ key: text, present: '1', c1: '1' })
    const [range] = await kit.run(postgresDialect.readRange(allColumns(shape), undefined, 10))
    expect(range).toMatchObject({ key: text, version: pending?.['version'] })
    expect(await kit.run(postgresDialect.readRange(allColumns(shape), JSON.parse(text), 10))).toEqual([])
    await carryOver(table)
    expect(await kit.query(`SELECT v FROM target.${table} WHERE k = ${sql}`)).toEqual([{ v: '1' }])
    await kit.run(postgresDialect.deleteRows(await shapeOf(kit, table, 'target'), [text]))
    expect(await kit.query(`SELECT v FROM target.${table}`)).toEqual([])
  },
)
