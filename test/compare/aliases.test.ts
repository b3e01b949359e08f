import { describe, expect, test } from 'vitest'
import { AliasBook } from '../../strangler/compare/alias-book.ts'
import { answer, compare, tell } from './answers.ts'

const rules = {
  aliases: [
    { path: '$.id', of: 'order', learn: true },
    { path: '**.orderId', of: 'order' },
  ],
}
const told = (primary: object, shadow: object, aliases?: AliasBook) =>
  tell(
    compare(answer(JSON.stringify(primary)), answer(JSON.stringify(shadow)), rules, aliases && { aliases }),
  )

describe('an id that each side makes by itself', () => {
  test('is skipped when nobody knows the pair, and never a mismatch', () => {
    expect(told({ orderId: 7 }, { orderId: 90 }, new AliasBook())).toEqual(['skipped alias'])
    expect(told({ id: 7 }, { id: 90 })).toEqual(['skipped alias'])
  })

  test('is learnt where the pair belongs together for certain, and known from then on', () => {
    const book = new AliasBook()
    expect(told({ id: 7 }, { id: 90 }, book)).toEqual(['same'])
    expect(told({ orderId: 7 }, { orderId: 90 }, book)).toEqual(['same'])
    // The pair is known, and this is not it.
    expect(told({ orderId: 7 }, { orderId: 91 }, book)).toEqual(['value $.orderId'])
  })

  test('does not hide a difference beside it, and nothing is learnt from answers that differ', () => {
    const book = new AliasBook()
    expect(told({ id: 7, total: 1 }, { id: 90, total: 2 }, book)).toEqual(['value $.total'])
    expect(book.size).toBe(0)
    expect(told({ orderId: 7, total: 1 }, { orderId: 90, total: 2 }, book)).toEqual(['value $.total'])
  })

  test('of very many pairs the oldest are forgotten', () => {
    const book = new AliasBook(2)
    for (const id of [1, 2, 3]) book.learn('order', id, id * 10)
    expect([1, 2, 3].map((id) => book.resolve('order', id))).toEqual([undefined, '20', '30'])
  })
})
