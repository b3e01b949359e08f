import { expect, it } from 'vitest'
import { countOf, formatLevels } from '../../strangler/dashboard/parts/format.ts'

it.each([
  [[0, 0.5, 1], { unit: '' }, ['0', '0.5', '1']],
  [[0, 0.25, 0.5], { unit: '' }, ['0', '0.25', '0.5']],
  [[0, 5, 10], { unit: ' ms' }, ['0 ms', '5 ms', '10 ms']],
  [[0, 0.005, 0.01], { unit: ' %', scale: 100 }, ['0 %', '0.5 %', '1 %']],
  [[0, 0.1 + 0.2, 0.6], { unit: '' }, ['0', '0.3', '0.6']],
  [[0, 500, 1_000], { unit: ' ms' }, ['0 s', '0.5 s', '1 s']],
  [[0, 5_000, 10_000], { unit: '' }, ['0', '5,000', '10,000']],
  [[7], { unit: '' }, ['7']],
  [[], { unit: '' }, []],
])('levels %j on an axis are told apart', (values, measure, said) => {
  expect(formatLevels(values, measure)).toEqual(said)
})

it('one is one', () => {
  expect([0, 1, 2, 1_200].map((count) => countOf(count, 'row'))).toEqual([
    ...['0 rows', '1 row', '2 rows', '1,200 rows'],
  ])
  expect([1, 3].map((count) => countOf(count, 'gate is', 'gates are'))).toEqual(['1 gate is', '3 gates are'])
})
