import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { mariadbDialect as dialect } from '../../../strangler/sync/dialects/mariadb/index.ts'
import { unquoteText } from '../../../strangler/sync/dialects/mariadb/names.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { type MariaStand, openMariaStand } from './maria-stand.ts'

const mariadbd = await requireProgram('mariadb')
const TABLES = ['word', 'latin', 'number', 'many']
const CONTROLS = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).slice(1)

/** Rows of one column each, whose keys JSON or a collation could spoil. */
const WORDS = [
  'plain',
  '',
  'ends ',
  `a"b\\c/'d`,
  '\\u000b',
  '\\\\u00',
  '\u007f\u2028é😀𝄞',
  'e\u0301',
  ...CONTROLS.flatMap((control) => [control, `\\${control}x\\u00`]),
]

describe.skipIf(mariadbd === undefined)(`the short way of a MariaDB trigger${sayMissing('mariadb')}`, () => {
  let stand: MariaStand
  beforeAll(async () => {
    stand = await openMariaStand('plain_key')
    await stand.app('CREATE TABLE word (word VARCHAR(40) PRIMARY KEY, n INT NOT NULL DEFAULT 0)')
    await stand.app('CREATE TABLE latin (word VARCHAR(40) CHARACTER SET latin1 PRIMARY KEY)')
    await stand.app(
      `CREATE TABLE number (tiny TINYINT, big BIGINT UNSIGNED, filled INT(8) ZEROFILL, year YEAR, n INT, PRIMARY KEY (tiny, big, filled, year))`,
    )
    await stand.app(
      `CREATE TABLE many (price DECIMAL(12,4), day DATE, moment TIMESTAMP(6), flag TINYINT(1), raw VARBINARY(20), bits BIT(9),
        uuid UUID, kind ENUM('a"b', 'true', ', '), \`od\`\`d\` VARCHAR(9), code CHAR(3), PRIMARY KEY (price, day, moment, flag, raw, bits, uuid, kind, \`od\`\`d\`, code))`,
    )
  })
  afterAll(() => stand?.close())
  beforeEach(async () => {
    await stand.capture(...TABLES)
  })
  afterEach(async () => {
    await stand.app('SET @strangler_traceparent = NULL')
    for (const table of TABLES) await stand.app(`DELETE FROM ${table}`)
    await stand.takeLog()
  })

  /** Makes the triggers anew, each as `edit` gives it, of which one at least is another. */
  async function editTriggers(table: string, edit: (trigger: string) => string): Promise<void> {
    let isEdited = false
    for (const sql of dialect.captureUp(await stand.shapes(table))) {
      const trigger = /EXECUTE IMMEDIATE '(SET STATEMENT [^']* TRIGGER [\s\S]*)';\nEND IF;\nEND$/.exec(
        sql,
      )?.[1]
      if (trigger === undefined) continue
      const original = unquoteText(trigger)
      const edited = edit(original)
      isEdited ||= edited !== original
      await stand.runAll([edited])
    }
    expect(isEdited).toBe(true)
  }

  /** What the log says of an INSERT and a DELETE of the row, first on the short way, and then on the other. */
  async function writeBothWays(table: string, values: readonly unknown[]): Promise<[string[], string[]]> {
    const write = async () => {
      await stand.app(`INSERT INTO ${table} VALUES (${values.map(() => '?').join(', ')})`, [...values])
      await stand.app(`DELETE FROM ${table}`)
      return stand.takeLog()
    }
    const short = await write()
    await stand.app("SET @strangler_traceparent = 'something'")
    const long = await write()
    await stand.app('SET @strangler_traceparent = NULL')
    expect(short).toHaveLength(2)
    return [short, long]
  }

  it.each([
    ['number', [-128, '18446744073709551615', 12, 0, null]],
    ['number', [127, 0, 99999999, 2155, 5]],
    [
      'many',
      [
        '-12.3400',
        '2024-02-29',
        '2024-10-27 02:30:00.123456',
        '1',
        Buffer.from('00ff27', 'hex'),
        257,
        'AAAAAAAA-bbbb-cccc-dddd-eeeeeeeeeeee',
        'a"b',
        'x\u001fy',
        'é',
      ],
    ],
    [
      'many',
      [
        '0',
        '1000-01-01',
        '2024-03-31 00:00:00.000000',
        '0',
        Buffer.alloc(0),
        0,
        '00000000-0000-0000-0000-000000000000',
        ', ',
        "', '",
        '',
      ],
    ],
  ])('writes the key of %s as the long one does: %j', async (table, values) => {
    const [short, long] = await writeBothWays(table, values)
    expect(short).toEqual(long)
  })

  it('writes any text as JSON.stringify does', async () => {
    for (const word of WORDS) {
      const [short] = await writeBothWays('word', [word, 0])
      expect(short).toEqual([`I word ${JSON.stringify([word])}`, `D word ${JSON.stringify([word])}`])
    }
    const characters = fc.oneof(
      fc.constantFrom(...CONTROLS, '\\', 'u', '0', '"'),
      fc.string({ unit: 'grapheme' }),
    )
    const texts = fc
      .array(characters, { maxLength: 8 })
      .map((parts) => parts.join('').slice(0, 12).toWellFormed())
    await fc.assert(
      fc.asyncProperty(texts, async (word) => {
        const [short, long] = await writeBothWays('word', [word, 0])
        expect(short[0]).toBe(`I word ${JSON.stringify([word])}`)
        expect(short).toEqual(long)
      }),
      { numRuns: 60 },
    )
  }, 60_000)

  const MOVES: [table: string, from: string, to: string][] = [
    ['word', 'a', 'A'],
    ['word', 'a', 'á'],
    ['word', 'a', 'a '],
    ['word', 'a', 'b'],
    ['latin', 'a', 'Ä'],
  ]

  async function move([table, from, to]: (typeof MOVES)[number]): Promise<string[]> {
    await stand.app(`INSERT INTO ${table} (word) VALUES (?)`, [from])
    await stand.takeLog()
    await stand.app(`UPDATE ${table} SET word = ?`, [to])
    return stand.takeLog()
  }

  it.each(MOVES)('logs both keys of %s when %j becomes %j', async (...moved) => {
    const [table, ...words] = moved
    expect(await move(moved)).toEqual(words.map((word) => `U ${table} ${JSON.stringify([word])}`))
  })

  it('logs both keys when one number of several changes', async () => {
    await stand.app('INSERT INTO number VALUES (1, 2, 3, 2004, 5)')
    await stand.app('UPDATE number SET n = 6')
    await stand.app('UPDATE number SET year = 2005')
    expect(await stand.takeLog()).toEqual([
      'I number ["1","2","3","2004"]',
      'U number ["1","2","3","2004"]',
      'U number ["1","2","3","2004"]',
      'U number ["1","2","3","2005"]',
    ])
  })

  it('would miss keys that a collation calls equal, were they compared by it', async () => {
    await editTriggers('word', (sql) =>
      sql
        .replaceAll(/CAST\(((?:OLD|NEW)\.`word`) AS BINARY\)/g, '$1')
        .replace('FOR EACH ROW', 'FOR EACH ROW  '),
    )
    expect(await move(['word', 'a', 'A'])).toEqual(['U word ["a"]'])
  })

  it('would write a key that nobody else writes so, were it not asked for its characters', async () => {
    await editTriggers('word', (sql) => sql.replaceAll(/ AND LOCATE\(BINARY '\\\\u00'.*?\) = 0/g, ''))
    const [short] = await writeBothWays('word', ['\u000b', 0])
    expect(short[0]).toBe('I word ["\\u000B"]')
  })

  it('is what an ordinary write goes, and no other', async () => {
    const closed = "ELSEIF TRUE THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the long way'; END IF;\nEND"
    for (const table of ['word', 'number'])
      await editTriggers(table, (sql) => sql.replace(/ELSEIF [\s\S]*$/, closed))
    await stand.app("INSERT INTO word VALUES ('a\"b\\\\c😀', 1)")
    await stand.app('UPDATE word SET n = 2')
    await stand.app('INSERT INTO number VALUES (1, 2, 3, 2004, 5)')
    await stand.app('UPDATE number SET n = 6')
    const long = [
      'UPDATE number SET big = 7',
      "UPDATE word SET word = 'b'",
      "INSERT INTO word VALUES ('\u000b', 1)",
    ]
    for (const sql of long) await expect(stand.app(sql), sql).rejects.toThrow('the long way')
    for (const variable of ['@strangler_traceparent', '@strangler_apply']) {
      await stand.app(`SET ${variable} = 'x'`)
      await expect(stand.app('DELETE FROM word'), variable).rejects.toThrow('the long way')
      await stand.app(`SET ${variable} = NULL`)
    }
    await stand.app('DELETE FROM word')
  })
})
