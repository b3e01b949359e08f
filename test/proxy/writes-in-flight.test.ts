import { expect, it } from 'vitest'
import { countWritesInFlight } from '../../strangler/proxy/writes-in-flight.ts'

function start() {
  const told: string[][] = []
  const writes = countWritesInFlight({ onChange: () => undefined, onEnded: () => told.push(writes.ended()) })
  const announce = (id?: string) => writes.announce(new Map(id === undefined ? [] : [['inventory', id]]))
  return { writes, told, announce }
}

it('an announcement has ended once all writes from before it have, whatever has begun since', () => {
  const { writes, told, announce } = start()
  const [first, second] = [writes.begin('inventory', 'passing'), writes.begin('inventory', 'passing')]
  announce('a')
  const later = writes.begin('inventory', 'passing')
  expect(writes.ended()).toEqual([])
  first()
  first()
  expect(writes.ended()).toEqual([])
  second()
  expect(writes.ended()).toEqual(['a'])
  expect(told).toEqual([['a']])
  later()
  expect(told).toHaveLength(1)
  expect(writes.hasAny('inventory')).toBe(false)
})

it('an announcement that is told again keeps what it has seen; another begins anew', () => {
  const { writes, announce } = start()
  const first = writes.begin('inventory', 'passing')
  announce('a')
  first()
  const second = writes.begin('inventory', 'passing')
  announce('a')
  expect(writes.ended()).toEqual(['a'])
  announce('b')
  expect(writes.ended()).toEqual([])
  second()
  expect(writes.ended()).toEqual(['b'])
  announce()
  expect(writes.ended()).toEqual([])
})

it('waits neither for a connection that stays nor for another capability; a hold waits for both of its own', () => {
  const { writes, announce } = start()
  writes.begin('inventory', 'lasting')
  writes.begin('orders', 'passing')
  announce('a')
  expect(writes.ended()).toEqual(['a'])
  expect(writes.hasAny('inventory')).toBe(true)
})
