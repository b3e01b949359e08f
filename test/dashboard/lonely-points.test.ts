import { expect, test } from 'vitest'
import { findLonely } from '../../strangler/dashboard/parts/lonely-points.ts'

test.each<[string, (number | null | undefined)[], number[]]>([
  ['a first point alone', [7], [0]],
  ['a point between two gaps', [1, 2, null, 5, null, 3, 4], [3]],
  ['the last one after a gap', [1, 2, null, 0], [3]],
  ['none where each has a neighbour', [1, 2, null, 3, 4], []],
  ['none where nothing was measured', [null, undefined], []],
])('%s is drawn as a point', (_name, values, lonely) => {
  expect(findLonely(values)).toEqual(lonely)
})
