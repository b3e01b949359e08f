import { expect, test } from 'vitest'
import type { ColumnShape, TableShape } from '../../strangler/core/sync-words.ts'
import { compileMapping, proveMapping, type TableMapping } from '../../strangler/sync/mapping.ts'

const column = (name: string, rest: Partial<ColumnShape> = {}): ColumnShape => ({
  name,
  family: 'text',
  type: 'text',
  nullable: true,
  generated: false,
  identity: false,
  ...rest,
})
const table = (name: string, columns: (string | ColumnShape)[], key = ['id']): TableShape => ({
  schema: 'public',
  name,
  columns: columns.map((entry) => (typeof entry === 'string' ? column(entry) : entry)),
  key,
  keyDeferrable: false,
  uniques: [],
  foreignKeys: [],
})
const compile = (mapping: Omit<TableMapping, 'table'>, from: string[], to: string[]) =>
  compileMapping({ table: 'stock', ...mapping }, table('stock', from), table(mapping.as ?? 'stock', to))

test('columns are renamed, dropped and set, and come back', () => {
  const compiled = compile(
    { as: 'items', columns: { qty: 'quantity', legacy: null }, constants: { origin: 'monolith' } },
    ['id', 'qty', 'legacy'],
    ['origin', 'quantity', 'id'],
  )
  expect(compiled.problems).toEqual([])
  expect(compiled.forward.source.columns).toEqual(['id', 'qty'])
  expect(compiled.forward.convert(['7', null])).toEqual(['monolith', null, '7'])
  expect(compiled.reverse.target.columns).toEqual(['id', 'qty'])
  expect(compiled.reverse.convert(['monolith', '3', '7'])).toEqual(['7', '3'])
  expect(
    proveMapping(compiled, [
      ['7', null],
      ['8', ''],
    ]),
  ).toEqual([])
})

test('a generated column is read for a plain one of the service, and never written', () => {
  const from = table('stock', ['id', column('total', { generated: true })])
  const plain = compileMapping({ table: 'stock' }, from, table('stock', ['id', 'total']))
  expect([plain.forward.source.columns, plain.forward.target.columns]).toEqual([
    ['id', 'total'],
    ['id', 'total'],
  ])
  expect([plain.reverse.source.columns, plain.reverse.target.columns]).toEqual([['id', 'total'], ['id']])
  const both = compileMapping({ table: 'stock' }, from, from)
  expect([both.forward.source.columns, both.forward.target.columns]).toEqual([['id'], ['id']])
  expect(both.problems).toEqual([])
})

test('a function and its inverse are proven on rows', () => {
  const mapping = {
    columns: { name: null },
    map: ({ first, last }: Record<string, string | null>) => ({ full: `${first} ${last}` }),
    unmap: ({ full }: Record<string, string | null>) => ({
      first: full!.split(' ')[0]!,
      last: full!.split(' ')[1]!,
    }),
  }
  const compiled = compile(mapping, ['id', 'first', 'last', 'name'], ['id', 'full'])
  expect(compiled.problems).toEqual([])
  expect(compiled.forward.convert(['1', 'Ada', 'Lovelace'])).toEqual(['1', 'Ada Lovelace'])
  expect(proveMapping(compiled, [['1', 'Ada', 'Lovelace']])).toEqual([])
  expect(proveMapping(compiled, [['2', 'Mary Ann', 'Evans']])).toEqual([
    '["2"]: first was "Mary Ann" and comes back as "Mary"',
    '["2"]: last was "Evans" and comes back as "Ann"',
  ])
})

test('a function that throws is a finding, and so is one that changes the key', () => {
  const broken = compile(
    {
      map: () => {
        throw new Error('no')
      },
      unmap: () => ({}),
    },
    ['id'],
    ['id'],
  )
  expect(proveMapping(broken, [['1']])).toEqual(['["1"]: no'])
  const shifted = compile({ map: () => ({ id: '2' }), unmap: () => ({ id: '1' }) }, ['id'], ['id'])
  expect(proveMapping(shifted, [['1']])).toEqual(['["1"]: its key changes to ["2"]'])
})

test.each<[string, Omit<TableMapping, 'table'>, string[], string[], RegExp]>([
  [
    'two columns into one',
    { columns: { a: 'b' } },
    ['id', 'a', 'b'],
    ['id', 'b'],
    /two values go into the column b/,
  ],
  ['a column without a place', {}, ['id', 'a'], ['id'], /the column a has no place/],
  ['a column that is not there', { columns: { x: 'a' } }, ['id', 'a'], ['id', 'a'], /no column x/],
  ['no way back', { map: (row) => row }, ['id'], ['id'], /`map` has no `unmap`/],
  ['another key', { columns: { id: 'a' } }, ['id'], ['id', 'a'], /the keys differ/],
])('is refused: %s', (_name, mapping, from, to, problem) => {
  expect(compile(mapping, from, to).problems).toEqual([expect.stringMatching(problem)])
})
