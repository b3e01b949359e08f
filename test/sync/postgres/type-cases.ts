import type { ColumnFamily } from '../../../strangler/core/sync-words.ts'

export interface TypeCase {
  readonly type: string
  readonly family: ColumnFamily
  /** A value as SQL, and the text that it has on the wire. */
  readonly values: readonly (readonly [sql: string, text: string])[]
}

const LONG = '9'.repeat(28)

/** Made in the test's database before the cases. */
export const OWN_TYPES = [
  `CREATE TYPE mood AS ENUM ('happy', 'it''s "so"', 'ünder, {score}')`,
  `CREATE TYPE "Odd (2)" AS ENUM ('a(1)')`,
  `CREATE DOMAIN price AS numeric(12,2) CHECK (VALUE >= 0)`,
  `CREATE TYPE pair AS (one int, other text)`,
]

export const TYPE_CASES: readonly TypeCase[] = [
  {
    type: 'smallint',
    family: 'integer',
    values: [
      ['-32768', '-32768'],
      ['0', '0'],
    ],
  },
  { type: 'integer', family: 'integer', values: [['2147483647', '2147483647']] },
  {
    type: 'bigint',
    family: 'integer',
    values: [
      ['9007199254740993', '9007199254740993'],
      ['-9223372036854775808', '-9223372036854775808'],
    ],
  },
  {
    type: 'numeric(38,10)',
    family: 'decimal',
    values: [
      [`${LONG}.1234567891`, `${LONG}.1234567891`],
      ['1.5000000000', '1.5'],
      ['100', '100'],
      ['-0.0000000001', '-0.0000000001'],
      ['0', '0'],
    ],
  },
  {
    type: 'numeric',
    family: 'decimal',
    values: [
      ["'NaN'", 'NaN'],
      ["'Infinity'", 'Infinity'],
      ['1e-30', `0.${'0'.repeat(29)}1`],
      ['1e30', `1${'0'.repeat(30)}`],
    ],
  },
  { type: 'numeric(3,-2)', family: 'decimal', values: [['12345', '12300']] },
  { type: 'price', family: 'decimal', values: [['12.50', '12.5']] },
  {
    type: 'money',
    family: 'decimal',
    values: [
      ["'1234567.80'", '1234567.8'],
      ["'-0.05'", '-0.05'],
    ],
  },
  { type: 'real', family: 'float', values: [['0.1', '0.1']] },
  {
    type: 'double precision',
    family: 'float',
    values: [
      ['0.1::float8 + 0.2::float8', '0.30000000000000004'],
      ["'NaN'", 'NaN'],
      ["'-Infinity'", '-Infinity'],
      ['5e-324', '5e-324'],
      ['1.7976931348623157e308', '1.7976931348623157e+308'],
    ],
  },
  {
    type: 'boolean',
    family: 'boolean',
    values: [
      ['true', 'true'],
      ['false', 'false'],
    ],
  },
  {
    type: 'text',
    family: 'text',
    values: [
      ["''", ''],
      ["'NULL'", 'NULL'],
      ["'null'", 'null'],
      ["'🐘 é ＡＢ 𝕏'", '🐘 é ＡＢ 𝕏'],
      [`E'"\\\\{},\\n\\t'''`, `"\\{},\n\t'`],
      ["'  spaces  '", '  spaces  '],
    ],
  },
  { type: 'character varying(5)', family: 'text', values: [["'🐘🐘🐘🐘🐘'", '🐘🐘🐘🐘🐘']] },
  { type: 'character(5)', family: 'text', values: [["'ab'", 'ab']] },
  { type: 'character(1)', family: 'text', values: [["'a'", 'a']] },
  { type: 'name', family: 'text', values: [["'x y'", 'x y']] },
  { type: '"char"', family: 'text', values: [["'a'", 'a']] },
  {
    type: 'bytea',
    family: 'bytes',
    values: [
      ["'\\x00ff5c27'", '00ff5c27'],
      ["''", ''],
    ],
  },
  {
    type: 'date',
    family: 'date',
    values: [
      ["'2024-02-29'", '2024-02-29'],
      ["'infinity'", 'infinity'],
      ["'-infinity'", '-infinity'],
      ["'0044-03-15 BC'", '0044-03-15 BC'],
      ["'12345-06-07'", '12345-06-07'],
    ],
  },
  {
    type: 'time without time zone',
    family: 'time',
    values: [
      ["'24:00'", '24:00:00.000000'],
      ["'01:02:03.000004'", '01:02:03.000004'],
    ],
  },
  {
    type: 'time with time zone',
    family: 'text',
    values: [["'01:02:03.000004+05:30'", '01:02:03.000004+05:30']],
  },
  {
    type: 'timestamp without time zone',
    family: 'timestamp',
    values: [
      ["'2024-03-31 02:30:00.123456'", '2024-03-31 02:30:00.123456'],
      ["'2024-01-01'", '2024-01-01 00:00:00.000000'],
      ["'infinity'", 'infinity'],
      ["'0001-01-01 BC'", '0001-01-01 00:00:00.000000 BC'],
    ],
  },
  {
    type: 'timestamp(3) without time zone',
    family: 'timestamp',
    values: [["'2024-01-01 00:00:00.1239'", '2024-01-01 00:00:00.124000']],
  },
  {
    type: 'timestamp with time zone',
    family: 'timestamptz',
    values: [
      ["'2024-03-31 02:30:00.123456+05:45'", '2024-03-30 20:45:00.123456'],
      ["'-infinity'", '-infinity'],
      ["'294276-12-31 23:59:59.999999+00'", '294276-12-31 23:59:59.999999'],
    ],
  },
  {
    type: 'interval',
    family: 'text',
    values: [["'1 year 2 mons -3 days 04:05:06.000007'", '1 year 2 mons -3 days +04:05:06.000007']],
  },
  {
    type: 'json',
    family: 'json',
    values: [
      [`'{"b": 1, "a" : 12345678901234567890.10}'`, '{"b": 1, "a" : 12345678901234567890.10}'],
      [`'null'`, 'null'],
    ],
  },
  {
    type: 'jsonb',
    family: 'json',
    values: [
      [
        `'{"b":[1.10,"🐘"], "a":123456789012345678901234567890}'`,
        '{"a": 123456789012345678901234567890, "b": [1.10, "🐘"]}',
      ],
      [`'null'`, 'null'],
    ],
  },
  {
    type: 'uuid',
    family: 'uuid',
    values: [["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']],
  },
  {
    type: 'public.mood',
    family: 'enum',
    values: [
      [`'it''s "so"'`, `it's "so"`],
      [`'ünder, {score}'`, 'ünder, {score}'],
    ],
  },
  { type: 'public."Odd (2)"', family: 'enum', values: [["'a(1)'", 'a(1)']] },
  { type: 'bit(4)', family: 'bit', values: [["'0101'", '0101']] },
  {
    type: 'bit varying(9)',
    family: 'bit',
    values: [
      ["'000010101'", '000010101'],
      ["''", ''],
    ],
  },
  {
    type: 'integer[]',
    family: 'array',
    values: [
      ["'{}'", '[]'],
      ["'{1,NULL,-3}'", '["1",null,"-3"]'],
      ["'{{1,2},{3,4}}'", '[["1","2"],["3","4"]]'],
      ["'[0:1]={5,6}'", '[0:1]={5,6}'],
    ],
  },
  {
    type: 'text[]',
    family: 'array',
    values: [
      [`ARRAY['a,b', NULL, 'NULL', '', '{"}', '\\', '🐘']`, '["a,b",null,"NULL","","{\\"}","\\\\","🐘"]'],
    ],
  },
  { type: 'numeric(9,3)[]', family: 'array', values: [["'{1.500,NULL}'", '["1.5",null]']] },
  { type: 'boolean[]', family: 'array', values: [["'{t,f}'", '["true","false"]']] },
  {
    type: 'timestamp with time zone[]',
    family: 'array',
    values: [["ARRAY['2024-01-01 00:00:00.5+02'::timestamptz, NULL]", '["2023-12-31 22:00:00.500000",null]']],
  },
  { type: 'bytea[]', family: 'array', values: [["ARRAY['\\x00ff'::bytea]", '["\\\\x00ff"]']] },
  {
    type: 'jsonb[]',
    family: 'array',
    values: [[`ARRAY['{"a": "x"}'::jsonb, 'null', NULL]`, '["{\\"a\\": \\"x\\"}","null",null]']],
  },
  { type: 'public.mood[]', family: 'array', values: [[`ARRAY['happy', NULL]::mood[]`, '["happy",null]']] },
  { type: 'inet', family: 'text', values: [["'10.0.0.1/8'", '10.0.0.1/8']] },
  { type: 'macaddr', family: 'text', values: [["'08:00:2b:01:02:03'", '08:00:2b:01:02:03']] },
  { type: 'int4range', family: 'text', values: [["'[1,5)'", '[1,5)']] },
  { type: 'point', family: 'text', values: [["'(0.1,-2)'", '(0.1,-2)']] },
  { type: 'tsvector', family: 'text', values: [["'a:1 b'", "'a':1 'b'"]] },
  { type: 'xml', family: 'text', values: [["'<a>ü</a>'", '<a>ü</a>']] },
  { type: 'public.pair', family: 'text', values: [[`ROW(1, 'x "y"')::pair`, '(1,"x ""y""")']] },
]
