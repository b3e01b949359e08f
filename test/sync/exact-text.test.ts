import { expect, test } from 'vitest'
import type { ColumnFamily, ColumnShape } from '../../strangler/core/sync-words.ts'
import { exactCheck } from '../../strangler/sync/exact-text.ts'

const column = (family: ColumnFamily, type: string, rest: Partial<ColumnShape> = {}): ColumnShape => ({
  ...{ name: 'v', family, type, nullable: true, generated: false, identity: false },
  ...rest,
})
const holds = (shape: ColumnShape, text: string) => {
  try {
    exactCheck(shape)?.(text)
    return true
  } catch (error) {
    expect(String(error)).toMatch(/Column v \(.*\) cannot hold the value: /)
    // Whose value it is, nobody is told.
    expect(String(error)).not.toContain(text)
    return false
  }
}

test.each<[string, ColumnShape, string[], string[]]>([
  ['decimals', column('decimal', 'numeric(5,2)'), ['1.25', '-1', '1.500', '999999.9'], ['1.255', '-0.001']],
  ['decimals', column('decimal', 'decimal(5,0) unsigned'), ['7', '7.0'], ['7.5']],
  ['negative scales', column('decimal', 'numeric(3,-2)'), ['12300', '0'], ['12345', '100.5']],
  [
    'microseconds',
    column('timestamp', 'datetime'),
    ['2024-01-01 00:00:00.000000'],
    ['2024-01-01 00:00:00.000001'],
  ],
  [
    'milliseconds',
    column('timestamptz', 'timestamp(3) with time zone'),
    ['2024-01-01 00:00:00.123000 BC'],
    ['2024-01-01 00:00:00.123400'],
  ],
  [
    'floats of four bytes',
    column('float', 'real'),
    ['0.1', '16777216', '3.4028235e+38', '-1.1754944e-38', 'NaN'],
    ['16777217', '0.1000000014901', '1e40'],
  ],
  ['padded bytes', column('bytes', 'binary(2)'), ['00ff'], ['00']],
  ['years', column('integer', 'year(4)'), ['0', '1970', '2155'], ['70', '2156', '1900']],
  ['labels', column('enum', "enum('a','b')", { enumLabels: ['a', 'b'] }), ['a'], ['A', 'a ']],
  ['sets', column('text', "set('a','it''s','c')"), ["a,it's", ''], ['c,a', 'a,a', 'other']],
  ['padded texts', column('text', 'character(4)'), ['ab', ' a'], ['a ']],
])('%s that the column would change are told from those that it keeps', (_what, shape, kept, changed) => {
  for (const text of kept) expect(holds(shape, text), text).toBe(true)
  for (const text of changed) expect(holds(shape, text), text).toBe(false)
})

test('columns that refuse by themselves, or hold anything, have no check that costs time', () => {
  for (const shape of [
    column('integer', 'bigint'),
    column('decimal', 'numeric'),
    column('timestamp', 'timestamp without time zone'),
    column('timestamp', 'datetime(6)'),
    column('float', 'double precision'),
    column('text', 'varchar(5)'),
    column('bytes', 'bytea'),
  ]) {
    expect(exactCheck(shape), shape.type).toBeUndefined()
  }
})
