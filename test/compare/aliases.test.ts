import { describe, expect, test } from 'vitest'
import { AliasBook } from '../../strangler/compare/alias-book.ts'
import { compileRules } from '../../strangler/compare/compile-rules.ts'
import type { Side } from '../../strangler/core/words.ts'
import { answer, compare, tell } from './answers.ts'

const rules = {
  aliases: [
    { path: '$.id', of: 'order', learn: true },
    { path: '**.orderId', of: 'order' },
    { path: 'header:location', of: 'order' },
  ],
}

interface How {
  readonly between?: readonly [Side, Side]
  readonly learns?: boolean
  readonly headers?: readonly [readonly string[], readonly string[]]
}

const told = (primary: object, shadow: object, book?: AliasBook, how: How = {}) => {
  const { between = ['monolith', 'service'], learns = true, headers = [[], []] } = how
  const [one, other] = [primary, shadow].map((value, at) =>
    answer(JSON.stringify(value), { headers: headers[at] ?? [] }),
  ) as [ReturnType<typeof answer>, ReturnType<typeof answer>]
  return tell(compare(one, other, rules, book && { aliases: book.between(...between, { learns }) }))
}

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

  test('is known the other way round too, where the service answers the client', () => {
    const book = new AliasBook()
    book.learn('order', { monolith: 7, service: 90 })
    // Another pair, whose number at the monolith is this one's at the service: they have nothing to do with each other.
    book.learn('order', { monolith: 90, service: 7_000 })
    const between = ['service', 'monolith'] as const
    expect(told({ orderId: 90 }, { orderId: 7 }, book, { between })).toEqual(['same'])
    expect(told({ orderId: 90 }, { orderId: 8 }, book, { between })).toEqual(['value $.orderId'])
    expect(told({ id: 55 }, { id: 5 }, book, { between })).toEqual(['same'])
    expect(book.resolve('order', 'monolith', 5)).toBe('55')
  })

  test('of one side is the same in its next answer, or is noise', () => {
    const book = new AliasBook()
    const between = ['monolith', 'monolith'] as const
    expect(told({ id: 7 }, { id: 8 }, book, { between })).toEqual(['value $.id'])
    expect(book.size).toBe(0)
  })

  test('teaches nothing when it is gone with the dry run that has made it', () => {
    const book = new AliasBook()
    expect(told({ id: 7 }, { id: 90 }, book, { learns: false })).toEqual(['skipped alias'])
    expect(book.size).toBe(0)
  })

  test('does not hide a difference beside it, and nothing is learnt from answers that differ', () => {
    const book = new AliasBook()
    expect(told({ id: 7, total: 1 }, { id: 90, total: 2 }, book)).toEqual(['value $.total'])
    expect(book.size).toBe(0)
    expect(told({ orderId: 7, total: 1 }, { orderId: 90, total: 2 }, book)).toEqual(['value $.total'])
    const vary = [
      ['vary', 'a'],
      ['vary', 'b'],
    ] as const
    expect(told({ id: 7 }, { id: 90 }, book, { headers: vary })).toEqual(['header header:vary'])
    expect(book.size).toBe(0)
  })

  test('in an address of a header is told apart from the rest of the address', () => {
    const book = new AliasBook()
    const created = (one: string, other: string) =>
      told({ id: 7 }, { id: 90 }, book, {
        headers: [
          ['location', one],
          ['location', other],
        ],
        learns: false,
      })
    expect(created('/orders/7', '/orders/90')).toEqual(['skipped alias'])
    expect(created('/orders/7', '/order/90/x')).toEqual(['header header:location'])
    book.learn('order', { monolith: 7, service: 90 })
    expect(created('/orders/7?full=1', '/orders/90?full=1')).toEqual(['same'])
    expect(created('/orders/7', '/orders/91')).toEqual(['header header:location'])
  })

  test('of very many pairs the oldest are forgotten, and one that belongs elsewhere now', () => {
    const book = new AliasBook(2)
    for (const id of [1, 2, 3]) book.learn('order', { monolith: id, service: id * 10 })
    expect([1, 2, 3].map((id) => book.resolve('order', 'monolith', id))).toEqual([undefined, '20', '30'])
    expect([10, 20, 30].map((id) => book.resolve('order', 'service', id))).toEqual([undefined, '2', '3'])
    book.learn('order', { monolith: 2, service: 30 })
    expect([2, 3].map((id) => book.resolve('order', 'monolith', id))).toEqual(['30', undefined])
    expect(book.resolve('order', 'service', 20)).toBeUndefined()
    expect(book.size).toBe(1)
  })
})

test('a rule that would learn from a request, or that stands nowhere, is refused', () => {
  const compiling = (path: string, learn?: boolean) => () =>
    compileRules({ aliases: [{ path, of: 'order', learn }] })
  expect(compiling('param:id', true)).toThrow('there is only one there, and no pair')
  expect(compiling('body:id')).toThrow('is none')
  expect(compiling('request:id')).toThrow('is none')
  for (const path of ['param:id', 'query:id', 'request:$.id', 'header:location', '$.id'])
    expect(compiling(path)).not.toThrow()
})
