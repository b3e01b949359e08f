import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { CapturedExchange } from '../../strangler/core/captured-exchange.ts'
import { createOutbox, type Delivery } from '../../strangler/shadow/outbox.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function makeExchange(answerBytes: number, requestBytes?: number): CapturedExchange {
  const body = requestBytes === undefined ? undefined : new Uint8Array(requestBytes)
  return {
    ...{ endpoint: 'GET /a', answer: { body: new Uint8Array(answerBytes) } },
    requests: { monolith: { body }, service: { body } },
  } as unknown as CapturedExchange
}

function startOutbox() {
  const delivered: Delivery[] = []
  const stand = { delivered, isThere: true, outbox: createOutbox(deliver) }
  function deliver(delivery: Delivery): boolean {
    if (stand.isThere) delivered.push(delivery)
    return stand.isThere
  }
  return stand
}

const skip = (reason: 'queue-full' | 'streaming', endpoint = 'GET /a') =>
  ({ capability: 'inventory', endpoint, reason, count: 1 }) as const

test('what comes within a moment is delivered together, in its order, and only once', () => {
  const { delivered, outbox } = startOutbox()
  const exchanges = [makeExchange(1), makeExchange(2), makeExchange(3)]
  for (const exchange of exchanges) outbox.add(exchange)
  expect(outbox.exchanges).toBe(3)
  expect(delivered).toEqual([])
  vi.advanceTimersByTime(10)
  expect(delivered.map(({ exchanges }) => exchanges)).toEqual([exchanges])
  vi.advanceTimersByTime(1_000)
  outbox.flush()
  expect(delivered).toHaveLength(1)
  outbox.add(makeExchange(4))
  vi.advanceTimersByTime(10)
  expect(delivered).toHaveLength(2)
})

test('a thousand requests that a full queue skips are one count in one delivery', () => {
  const { delivered, outbox } = startOutbox()
  for (let i = 0; i < 1_000; i++) outbox.skip(skip('queue-full'))
  outbox.skip(skip('streaming'))
  outbox.skip(skip('queue-full', 'GET /b'))
  outbox.flush()
  expect(delivered.flatMap(({ skipped }) => skipped)).toEqual([
    { ...skip('queue-full'), count: 1_000 },
    skip('streaming'),
    skip('queue-full', 'GET /b'),
  ])
})

test('long bodies are handed over without a copy, each once; short ones are copied', () => {
  const { delivered, outbox } = startOutbox()
  outbox.add(makeExchange(1_024, 10))
  outbox.add(makeExchange(100_000, 50_000))
  outbox.add(makeExchange(0))
  outbox.flush()
  expect(delivered[0]?.transfer.map(({ byteLength }) => byteLength)).toEqual([100_000, 50_000])
})

test('exchanges of a thread that has died go to no other; what was skipped is told all the same', () => {
  const { delivered, outbox } = startOutbox()
  outbox.add(makeExchange(1))
  outbox.skip(skip('queue-full'))
  outbox.dropExchanges()
  expect(outbox.exchanges).toBe(0)
  vi.advanceTimersByTime(10)
  expect(delivered).toEqual([{ exchanges: [], skipped: [skip('queue-full')], transfer: [] }])
})

test('what was skipped while nobody was there to be told is told with what comes next, once', () => {
  const stand = startOutbox()
  stand.isThere = false
  stand.outbox.skip(skip('queue-full'))
  vi.advanceTimersByTime(10)
  stand.outbox.skip(skip('queue-full'))
  vi.advanceTimersByTime(10)
  expect(stand.delivered).toEqual([])
  stand.isThere = true
  stand.outbox.skip(skip('queue-full'))
  vi.advanceTimersByTime(10)
  stand.outbox.add(makeExchange(1))
  stand.outbox.flush()
  expect(stand.delivered.flatMap(({ skipped }) => skipped)).toEqual([{ ...skip('queue-full'), count: 3 }])
})
