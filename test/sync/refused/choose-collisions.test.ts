import { expect, test } from 'vitest'
import { type Collision, chooseCollisions } from '../../../strangler/sync/choose-collisions.ts'
import { createSentKeys } from '../../../strangler/sync/sent-keys.ts'

const LIMIT = 10

const collisions = (count: number): Collision[] =>
  Array.from({ length: count }, (_, index) => {
    return { table: 'stock', key: `["${index}"]`, reason: 'unique', dueAt: index, isSent: false }
  })

test('of more colliding rows than travel together every two meet, and none is left out', () => {
  const all = collisions(4 * LIMIT + 3)
  const met = new Set<string>()
  for (let turn = 1; turn <= 200; turn += 1) {
    const chosen = chooseCollisions(all, { limit: LIMIT, turn })
    expect(new Set(chosen).size).toBeLessThanOrEqual(LIMIT)
    for (const one of chosen) for (const other of chosen) met.add(`${one.key} ${other.key}`)
  }
  expect(met.size).toBe(all.length ** 2)
})

test('more refused keys than are remembered are as if never sent, and only those', () => {
  const sent = createSentKeys({ now: () => 0, mostWaiting: 2 })
  sent.markSent('stock', ['a', 'b', 'c'])
  sent.markSent('other', ['a'])
  expect(['a', 'b', 'c'].map((key) => sent.defer('stock', key, 'other'))).toEqual([true, true, false])
  expect(sent.defer('other', 'a', 'other')).toBe(true)
  expect(sent.skip('stock')).toEqual(['a', 'b'])
  expect([sent.inFlight, sent.waiting]).toEqual([0, 3])
  // One that is remembered stays so.
  expect(sent.defer('stock', 'a', 'unique')).toBe(true)
})
