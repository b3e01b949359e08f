import { expect, test } from 'vitest'
import type { TableShape } from '../../strangler/core/sync-words.ts'
import { chooseChanges } from '../../strangler/sync/trial-change.ts'

const column = (name: string, generated = false) =>
  ({ name, generated, family: 'text', type: 'text' }) as never
const table: TableShape = {
  ...{ schema: 'public', name: 'stock', key: ['sku'], keyDeferrable: false, uniques: [['barcode']] },
  columns: [column('sku'), column('barcode'), column('warehouse'), column('total', true), column('amount')],
  foreignKeys: [{ columns: ['warehouse'] } as never],
}
const columns = { table, columns: ['sku', 'barcode', 'warehouse', 'amount'] }
const row = (...cells: (string | null)[]) => ({
  key: JSON.stringify([cells[0]]),
  ...Object.fromEntries(cells.map((cell, at) => [`c${at}`, cell])),
})

test('a value of another row is tried first, and neither a key, a unique column nor a reference is touched', () => {
  const rows = [row('a', '1', 'north', '5'), row('b', '2', 'south', '5'), row('c', '3', 'west', '7')]
  expect(chooseChanges(columns, rows)).toEqual([
    { key: '["a"]', column: 'amount', row: ['a', '1', 'north', '7'] },
    { key: '["a"]', row: ['a', '1', 'north', '5'] },
  ])
})

test('where all rows are alike, or there is only one, the row stays as it is', () => {
  expect(chooseChanges(columns, [row('a', '1', 'north', '5')])).toEqual([
    { key: '["a"]', row: ['a', '1', 'north', '5'] },
  ])
  expect(chooseChanges(columns, [])).toEqual([])
})
