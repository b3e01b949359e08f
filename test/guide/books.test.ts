import { expect, test } from 'vitest'
import type { ExchangeRecord } from '../../strangler/core/exchange-record.ts'
import type { JournalEvent } from '../../strangler/core/words.ts'
import { createLagBook } from '../../strangler/state/lag-book.ts'
import { createTrafficBook } from '../../strangler/telemetry/traffic-book.ts'
import { stateOf } from '../support/tables.ts'

const seen = (changes: Partial<ExchangeRecord> = {}): ExchangeRecord =>
  ({
    ...{ capability: 'inventory', endpoint: 'GET /a', target: 'service', reason: 'SPLIT', status: 200 },
    ...{ tableVersion: 1, proxyMs: 0.3, code: undefined },
    ...changes,
  }) as ExchangeRecord

const entered: JournalEvent = {
  ...{ kind: 'stage.entered', capability: 'inventory', step: 'canary', stage: 'canary', percent: 1 },
  ...{ profile: 'default', gates: [] },
}

test('what the monolith answers in the place of a failing service counts as a failure of the service', () => {
  const book = createTrafficBook()
  book.follow(stateOf([entered]))
  for (const reason of ['FALLBACK', 'BREAKER_OPEN'] as const)
    book.record(seen({ target: 'monolith', reason }))
  book.record(seen({ status: 503 }))
  const taken = book.take()
  expect(taken?.counts).toEqual([
    { capability: 'inventory', endpoint: 'GET /a', entered: 1, target: 'service', requests: 3, failures: 3 },
  ])
  expect(taken?.looks).toMatchObject([{ failuresInRow: 3, failuresOfLast300: 3, proxyP99Ms: 0.3 }])
})

test('a client that goes away and a 404 are no failures', () => {
  const book = createTrafficBook()
  book.record(seen({ code: 'CLIENT_GONE', status: 499 }))
  book.record(seen({ status: 404 }))
  expect(book.take()).toMatchObject({ counts: [{ requests: 1, failures: 0 }], looks: [{ failuresInRow: 0 }] })
  expect(book.take()).toBeUndefined()
})

test('another step begins to count anew, and a request that was decided before it counts nowhere', () => {
  const book = createTrafficBook()
  book.follow(stateOf([entered]))
  book.record(seen({ status: 500 }))
  book.follow(stateOf([entered, { ...entered, percent: 5 }]))
  book.record(seen({ status: 500, tableVersion: 1 }))
  book.record(seen({ tableVersion: 2 }))
  const { counts = [], looks } = book.take() ?? {}
  expect(counts.map(({ entered, failures }) => [entered, failures])).toEqual([
    [1, 1],
    [2, 0],
  ])
  expect(looks).toMatchObject([{ entered: 2, failuresInRow: 0, failuresOfLast300: 0 }])
})

test('the looks go back 300 answers of the service and 500 requests, and no further', () => {
  const book = createTrafficBook()
  const record = (times: number, changes: Partial<ExchangeRecord>) => {
    for (let i = 0; i < times; i++) book.record(seen(changes))
  }
  const look = () => book.take()?.looks[0]
  record(6, { status: 500, proxyMs: 50 })
  record(294, {})
  expect(look()).toMatchObject({ failuresOfLast300: 6, failuresInRow: 0, proxyP99Ms: 50 })
  record(4, {})
  expect(look()).toMatchObject({ failuresOfLast300: 2 })
  record(2, {})
  expect(look()).toMatchObject({ failuresOfLast300: 0, proxyP99Ms: 50 })
  // 494 requests came after the six slow ones; with one more the oldest of them is forgotten, and five are one in a hundred.
  record(194, { target: 'monolith' })
  expect(look()).toMatchObject({ proxyP99Ms: 50 })
  record(1, { target: 'monolith' })
  expect(look()).toMatchObject({ proxyP99Ms: 0.3, failuresOfLast300: 0 })
})

test('places are told apart by capability, endpoint and side, and a look is given once for what is new', () => {
  const book = createTrafficBook()
  book.record(seen())
  book.record(seen({ target: 'monolith' }))
  book.record(seen({ endpoint: 'GET /b' }))
  book.record(seen({ capability: 'orders', endpoint: 'GET /c', proxyMs: undefined }))
  book.record(seen({ target: 'monolith', status: 500 }))
  const taken = book.take()
  expect(taken?.counts).toHaveLength(4)
  expect(taken?.counts).toContainEqual({
    ...{ capability: 'inventory', endpoint: 'GET /a', entered: 0, target: 'monolith' },
    ...{ requests: 2, failures: 1 },
  })
  expect(taken?.looks.map(({ capability, proxyP99Ms }) => [capability, proxyP99Ms])).toEqual([
    ['inventory', 0.3],
    ['orders', undefined],
  ])
  book.record(seen())
  expect(book.take()?.looks.map(({ capability }) => capability)).toEqual(['inventory'])
})

test('what could not be kept is counted again', () => {
  const book = createTrafficBook()
  book.record(seen())
  book.putBack(book.take()!)
  book.record(seen())
  expect(book.take()).toMatchObject({ counts: [{ requests: 2 }] })
})

const beat = (lagMs: number | undefined, epoch = 1) =>
  ({ capability: 'stock', epoch, direction: 'forward', ...(lagMs === undefined ? {} : { lagMs }) }) as never

const QUARTER_MS = 900_000
const shown = (book: ReturnType<typeof createLagBook>) => {
  const window = book.window('stock')
  return window === undefined ? undefined : { ...window, p99Ms: window.p99Ms(QUARTER_MS) }
}

test('the lag is watched only as long as nobody has missed a word of it', () => {
  let now = 0
  const book = createLagBook(() => now)
  const hearFor = (ms: number, lagMs: number) => {
    for (const until = now + ms; now < until; now += 500) book.hear(beat(lagMs))
  }
  hearFor(10_000, 40)
  hearFor(1_000, 900)
  expect(shown(book)).toMatchObject({ p99Ms: 900, watchedMs: 10_500 })
  expect(book.window('stock')?.worstMs(5_000)).toBe(900)
  hearFor(10_000, 40)
  expect(book.window('stock')?.worstMs(5_000)).toBe(40)
  now += 3_000
  expect(book.window('stock')).toBeUndefined()
  book.hear(beat(7_000))
  expect(shown(book)).toMatchObject({ watchedMs: 20_500, p99Ms: 7_000 })
  now += 301_000
  book.hear(beat(40))
  expect(shown(book)).toMatchObject({ watchedMs: 0, p99Ms: 40 })
})

test('a restart forgets nothing of the lag, and what comes back is never better than it was', () => {
  let now = 0
  const [before, after] = [createLagBook(() => now), createLagBook(() => now)]
  const hearFor = (book: typeof before, ms: number, lagMs: number) => {
    for (const until = now + ms; now < until; now += 500) book.hear(beat(lagMs))
  }
  hearFor(before, 60_000, 40)
  hearFor(before, 1_000, 900)
  const kept = before.summary('stock')!
  expect(kept.samples.length).toBeLessThan(15)
  now += 20_000
  hearFor(after, 2_000, 50)
  after.restore('stock', { ...kept, epoch: 2 })
  expect(shown(after)).toMatchObject({ p99Ms: 50, watchedMs: 1_500 })
  after.restore('stock', kept)
  expect(shown(after)).toMatchObject({ p99Ms: 900, watchedMs: 62_000 })
  now += 1_000_000
  const late = createLagBook(() => now)
  late.restore('stock', kept)
  hearFor(late, 1_000, 40)
  expect(shown(late)).toMatchObject({ p99Ms: 40, watchedMs: 500 })
})

test('a copy that is no longer whole, or of another epoch, is watched anew', () => {
  let now = 0
  const book = createLagBook(() => now)
  book.hear(beat(40))
  now += 1_000
  book.hear(beat(undefined))
  expect(book.window('stock')).toBeUndefined()
  book.hear(beat(40, 2))
  now += 500
  book.hear(beat(9_000, 1))
  expect(shown(book)).toMatchObject({ p99Ms: 40, watchedMs: 0 })
})

test('a bad minute is over when it is out of the window that is asked for', () => {
  let now = 0
  const book = createLagBook(() => now)
  const hearFor = (ms: number, lagMs: number) => {
    for (const until = now + ms; now < until; now += 500) book.hear(beat(lagMs))
  }
  hearFor(10_000, 8_000)
  hearFor(60_000, 40)
  expect(book.window('stock')?.p99Ms(120_000)).toBe(8_000)
  expect(book.window('stock')?.p99Ms(30_000)).toBe(40)
})
