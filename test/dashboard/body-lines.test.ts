import { expect, test } from 'vitest'
import { toLines } from '../../strangler/dashboard/compare/body-lines.ts'

const items = (...stock: unknown[]) => JSON.stringify({ items: stock.map((onHand) => ({ onHand })) })
const markedOf = (body: string, marked: string[], other?: string) =>
  toLines(body, marked, other)
    .filter(({ isMarked }) => isMarked)
    .map(({ text }) => text.trim())

test('of the items that a path names those are marked that differ from the other side’s', () => {
  const [one, other] = [items(8, 220, 8), items(8, 221, 8)]
  expect(markedOf(one, ['$.items[].onHand'], other)).toEqual(['"onHand": 220'])
  expect(markedOf(other, ['$.items[].onHand'], one)).toEqual(['"onHand": 221'])
})

test('one that the other side does not have is marked, and all are when the other side is no JSON', () => {
  expect(markedOf(items(8, 9), ['$.items[].onHand'], items(8))).toEqual(['"onHand": 9'])
  expect(markedOf(items(8, 9), ['$.items[].onHand'], '<html>')).toEqual(['"onHand": 8', '"onHand": 9'])
})

test('places that no difference names stay unmarked', () => {
  expect(markedOf(items(8), ['$.items[].sku'], items(9))).toEqual([])
})
