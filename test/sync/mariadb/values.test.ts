import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChangeEntry, TableShape } from '../../../strangler/core/sync-words.ts'
import { mariadbDialect as dialect } from '../../../strangler/sync/dialects/mariadb/index.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { type MariaStand, openMariaStand } from './maria-stand.ts'

const mariadbd = await requireProgram('mariadb')

/** Declared type, family, and pairs of a literal and its canonical text. */
const CASES: ReadonlyArray<readonly [string, string, ReadonlyArray<readonly [string, string]>]> = [
  [
    'tinyint(1)',
    'integer',
    [
      ['1', '1'],
      ['0', '0'],
      ['-128', '-128'],
    ],
  ],
  ['int unsigned', 'integer', [['4294967295', '4294967295']]],
  ['int(6) zerofill', 'integer', [['42', '42']]],
  [
    'bigint',
    'integer',
    [
      ['-9223372036854775808', '-9223372036854775808'],
      ['9007199254740993', '9007199254740993'],
    ],
  ],
  [
    'bigint unsigned',
    'integer',
    [
      ['18446744073709551615', '18446744073709551615'],
      ['9223372036854775809', '9223372036854775809'],
    ],
  ],
  ['year', 'integer', [['2024', '2024']]],
  [
    'decimal(12,4)',
    'decimal',
    [
      ["'-1.5000'", '-1.5'],
      ['100', '100'],
      ["'0.0001'", '0.0001'],
      ['0', '0'],
      ["'-0.0'", '0'],
    ],
  ],
  [
    'decimal(65,0)',
    'decimal',
    [
      [`'${'9'.repeat(65)}'`, '9'.repeat(65)],
      ['100', '100'],
    ],
  ],
  [
    'double',
    'float',
    [
      ['0.1', '0.1'],
      ['1e300', '1e300'],
      ['5e-324', '5e-324'],
      ['123456789.12345679', '123456789.12345679'],
    ],
  ],
  [
    'float',
    'float',
    [
      ['0.1', '0.1'],
      ['123456.789', '1.2345679e5'],
      ['16777217', '1.6777216e7'],
      ['-3.4028234e38', '-3.4028235e38'],
      ['0', '0'],
    ],
  ],
  [
    'varchar(20)',
    'text',
    [
      ["''", ''],
      ["' a '", ' a '],
      ["'😀𝄞é'", '😀𝄞é'],
    ],
  ],
  ['varchar(20) character set latin1', 'text', [["'é€'", 'é€']]],
  ['mediumtext', 'text', [["'line\\n\\ttab'", 'line\n\ttab']]],
  ["set('a','b')", 'text', [["'b,a'", 'a,b']]],
  ["enum('x','it''s')", 'enum', [['2', "it's"]]],
  ['binary(4)', 'bytes', [["x'00ff'", '00ff0000']]],
  [
    'varbinary(20)',
    'bytes',
    [
      ["x'00FF27'", '00ff27'],
      ["''", ''],
    ],
  ],
  ['longblob', 'bytes', [["x'F09F9880'", 'f09f9880']]],
  ['point', 'bytes', [['POINT(1, 2)', '000000000101000000000000000000f03f0000000000000040']]],
  [
    'date',
    'date',
    [
      ["'2024-02-29'", '2024-02-29'],
      ["'0000-00-00'", '0000-00-00'],
    ],
  ],
  [
    'time(6)',
    'time',
    [
      ["'12:34:56.000001'", '12:34:56.000001'],
      ["'-838:59:59'", '-838:59:59.000000'],
    ],
  ],
  ['time', 'time', [["'01:02:03'", '01:02:03.000000']]],
  ['datetime(6)', 'timestamp', [["'9999-12-31 23:59:59.999999'", '9999-12-31 23:59:59.999999']]],
  [
    'datetime',
    'timestamp',
    [
      ["'2024-01-01 00:00:00'", '2024-01-01 00:00:00.000000'],
      ["'2024-00-00'", '2024-00-00 00:00:00.000000'],
    ],
  ],
  [
    'timestamp(6)',
    'timestamptz',
    [
      ["'2024-01-01 00:00:00.123456'", '2023-12-31 18:30:00.123456'],
      ["'0000-00-00'", '0000-00-00 00:00:00.000000'],
    ],
  ],
  ['timestamp(3)', 'timestamptz', [["'2038-01-19 08:44:07.999'", '2038-01-19 03:14:07.999000']]],
  [
    'json',
    'json',
    [[`'{"b": 12345678901234567890.123, "a": "😀"}'`, '{"b": 12345678901234567890.123, "a": "😀"}']],
  ],
  ['bit(5)', 'bit', [["b'101'", '00101']]],
  ['bit(64)', 'bit', [[`b'1${'0'.repeat(62)}1'`, `1${'0'.repeat(62)}1`]]],
  ['inet6', 'text', [["'::1'", '::1']]],
]

describe.skipIf(mariadbd === undefined)(`values on MariaDB${sayMissing('mariadb')}`, () => {
  let stand: MariaStand
  let hasUuid = false
  beforeAll(async () => {
    stand = await openMariaStand('values')
    await stand.app("SET sql_mode = ''")
    await stand.runAll([...dialect.captureUp([]), ...dialect.targetUp()])
    hasUuid = await stand.app('CREATE TABLE has_uuid (id UUID PRIMARY KEY)').then(
      () => true,
      () => false,
    )
  })
  afterAll(() => stand?.close())

  const read = async (table: TableShape, columns: string[]) =>
    stand.kit(dialect.readRange({ table, columns }, undefined, 100))
  const write = (table: TableShape, columns: string[], row: ChangeEntry['row'], key = '["2"]') =>
    stand.kit(dialect.upsert({ table, columns }, [{ table: table.name, key, version: '1', row }]))

  it.each(CASES)('carries %s as %s, there and back', async (type, family, pairs) => {
    await stand.app(`CREATE OR REPLACE TABLE typed (id INT PRIMARY KEY, v ${type} NULL)`)
    const [table] = await stand.shapes('typed')
    expect(table!.columns[1]).toMatchObject({ name: 'v', family })
    for (const [literal, text] of pairs) {
      await stand.app(`REPLACE INTO typed VALUES (1, ${literal})`)
      const [source] = await read(table!, ['v'])
      expect(source!['c0']).toBe(text)
      await write(table!, ['id', 'v'], ['2', text])
      const [same] = await stand.app(
        'SELECT a.v <=> b.v AS same FROM typed a JOIN typed b ON a.id = 1 AND b.id = 2',
      )
      expect(same!['same'], literal).toBe('1')
    }
    await stand.app('REPLACE INTO typed VALUES (1, NULL)')
    expect((await read(table!, ['v']))[0]!['c0']).toBeNull()
    await write(table!, ['id', 'v'], ['2', null])
    expect((await stand.app('SELECT v FROM typed WHERE id = 2'))[0]!['v']).toBeNull()
  })

  it.each(CASES.filter(([, family]) => !['float', 'json'].includes(family)))(
    'finds a row by a key of type %s',
    async (type, _family, pairs) => {
      // A TEXT can only be indexed by a prefix, and so is no key.
      if (/text|blob|point/.test(type)) return
      await stand.app(`CREATE OR REPLACE TABLE keyed (k ${type} NOT NULL PRIMARY KEY, n INT)`)
      const [table] = await stand.shapes('keyed')
      for (const [literal, text] of pairs.slice(0, 1)) {
        await stand.app(`INSERT INTO keyed VALUES (${literal}, 1)`)
        const key = JSON.stringify([text])
        expect((await read(table!, ['n']))[0]!['key']).toBe(key)
        const [found] = await stand.kit(dialect.readKeys({ table: table!, columns: ['n'] }, [key]))
        expect(found).toMatchObject({ key, present: '1', c0: '1' })
        await write(table!, ['k', 'n'], [text, '2'], key)
        expect(await stand.app('SELECT n FROM keyed')).toEqual([{ n: '2' }])
        await stand.kit(dialect.deleteRows(table!, [key]))
        expect(await stand.app('SELECT n FROM keyed')).toEqual([])
      }
    },
  )

  it('carries a UUID, native, as CHAR(36) and as BINARY(16) where the mapping says so', async () => {
    const id = '123e4567-e89b-12d3-a456-426614174000'
    for (const type of [...(hasUuid ? ['uuid'] : []), 'char(36)', 'binary(16)']) {
      await stand.app(`CREATE OR REPLACE TABLE tagged (id ${type} PRIMARY KEY)`)
      const [shape] = await stand.shapes('tagged')
      const table = { ...shape!, columns: [{ ...shape!.columns[0]!, family: 'uuid' as const }] }
      await write(table, ['id'], [id], JSON.stringify([id]))
      const [row] = await stand.kit(dialect.readKeys({ table, columns: ['id'] }, [JSON.stringify([id])]))
      expect(row, type).toMatchObject({ c0: id, present: '1' })
    }
  })

  it('carries TINYINT(1) and BIT(1) as booleans where the mapping says so', async () => {
    await stand.app('CREATE OR REPLACE TABLE flags (id INT PRIMARY KEY, a TINYINT(1), b BIT(1))')
    const [shape] = await stand.shapes('flags')
    const columns = shape!.columns.map((column, index) =>
      index === 0 ? column : { ...column, family: 'boolean' as const },
    )
    const table = { ...shape!, columns }
    await write(table, ['id', 'a', 'b'], ['1', 'true', 'false'])
    expect(await read(table, ['a', 'b'])).toMatchObject([{ c0: 'true', c1: 'false' }])
    expect(await stand.app('SELECT a, b + 0 AS b FROM flags')).toEqual([{ a: '1', b: '0' }])
  })

  it('refuses texts that MariaDB would silently read as something else', async () => {
    await stand.app('CREATE OR REPLACE TABLE strict (id INT PRIMARY KEY, b VARBINARY(9), t VARCHAR(2))')
    const [table] = await stand.shapes('strict')
    expect(() =>
      dialect.upsert({ table: table!, columns: ['id', 'b'] }, [
        { table: 'strict', key: '["1"]', version: '1', row: ['1', 'xyz'] },
      ]),
    ).toThrow('Column b (varbinary(9)) cannot hold the value')
    await expect(write(table!, ['id', 't'], ['1', 'long'])).rejects.toMatchObject({ errno: 1406 })
    await expect(async () => write(table!, ['id', 't'], ['one', 'a'])).rejects.toThrow('Column id')
  })

  it('keeps a 0 in an AUTO_INCREMENT column, and leaves generated columns to the database', async () => {
    await stand.app(
      'CREATE OR REPLACE TABLE made (id INT AUTO_INCREMENT PRIMARY KEY, n INT, twice INT AS (n * 2) STORED)',
    )
    const [table] = await stand.shapes('made')
    expect(table!.columns).toMatchObject([{ identity: true }, {}, { generated: true }])
    await write(table!, ['id', 'n', 'twice'], ['0', '4', '99'], '["0"]')
    expect(await stand.app('SELECT * FROM made')).toEqual([{ id: '0', n: '4', twice: '8' }])
  })
})
