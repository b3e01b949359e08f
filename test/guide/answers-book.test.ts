import { expect, test } from 'vitest'
import type { ExchangeRecord } from '../../strangler/core/exchange-record.ts'
import type { JournalEvent } from '../../strangler/core/words.ts'
import { createTrafficBook } from '../../strangler/telemetry/traffic-book.ts'
import { stateOf } from '../support/tables.ts'

const READ = 'GET /stock/:sku'

const exchange = (changes: Partial<ExchangeRecord> = {}): ExchangeRecord =>
  ({
    ...{ capability: 'stock', endpoint: READ, target: 'service', reason: 'SPLIT', status: 200 },
    ...{ tableVersion: 9, proxyMs: 0.3, code: undefined, effect: 'read', client: '10.0.0.7' },
    ...changes,
  }) as ExchangeRecord

const entered = (stage: 'shadow' | 'canary' | 'owned', percent?: number): JournalEvent => ({
  ...{ kind: 'stage.entered', capability: 'stock', stage, profile: 'default', gates: [] },
  step: stage === 'owned' ? 'soak' : stage,
  ...(percent === undefined ? {} : { percent }),
})

/** What one exchange is told as, at a stage. */
function tell(event: JournalEvent, ...exchanges: Partial<ExchangeRecord>[]) {
  const book = createTrafficBook(() => 0)
  book.follow(stateOf([event]))
  for (const changes of exchanges) book.record(exchange(changes))
  return book.take()?.answers ?? []
}

const FULL = entered('canary', 100)
const fromMonolith = (reason: ExchangeRecord['reason']) => ({ target: 'monolith' as const, reason })

test('what the service answers is served, at every share and once it owns', () => {
  for (const event of [entered('canary', 1), FULL, entered('owned')])
    expect(tell(event, {})).toMatchObject([{ entered: 1, served: [READ], missed: [], callers: [] }])
  expect(tell(entered('shadow'), fromMonolith('STATIC'))).toEqual([])
})

test.each(['STATIC', 'STALE', 'FALLBACK', 'BREAKER_OPEN', 'TARGETING_MATCH', 'SPLIT'] as const)(
  'a read that the monolith answers at 100 % is missed: %s',
  (reason) => {
    const [answers] = tell(FULL, {}, fromMonolith(reason), fromMonolith(reason))
    expect(answers).toMatchObject({ served: [], missed: [{ endpoint: READ, because: reason, requests: 2 }] })
  },
)

test('a read that the service was asked and did not answer is missed; before it owns an error that it answers is its answer', () => {
  expect(tell(FULL, { code: 'STRANGLER_UPSTREAM_REFUSED', status: 502 })).toMatchObject([
    { missed: [{ because: 'UNANSWERED' }] },
  ])
  expect(tell(FULL, { status: 500 })).toMatchObject([{ served: [READ] }])
})

test('an owner that fails misses what it answers with an error, writes too, where that is more than one answer in two hundred', () => {
  const owned = entered('owned')
  const WRITE = 'POST /stock/:sku/reserve'
  const writes = Array.from({ length: 7 }, () => ({
    ...{ endpoint: WRITE, effect: 'write' as const, status: 500 },
  }))
  expect(tell(owned, {}, ...writes)).toMatchObject([
    { served: [READ], missed: [{ endpoint: WRITE, because: 'FAILED', requests: 7 }] },
  ])
  const good = (count: number) => Array.from({ length: count }, () => ({ status: 404 }))
  expect(tell(owned, ...good(198), { status: 503 })).toMatchObject([
    { served: [], missed: [{ because: 'FAILED', requests: 1 }] },
  ])
  expect(tell(owned, ...good(199), { status: 503 })).toMatchObject([{ served: [READ], missed: [] }])
})

test('failures that could not be kept are told again', () => {
  const book = createTrafficBook(() => 0)
  book.follow(stateOf([entered('owned')]))
  for (let turn = 0; turn < 3; turn += 1) book.record(exchange({ status: 500 }))
  book.putBack(book.take()!)
  book.record(exchange())
  expect(book.take()?.answers).toMatchObject([{ served: [], missed: [{ because: 'FAILED', requests: 3 }] }])
})

test('where a part of the users belongs to the monolith their reads miss nothing', () => {
  expect(tell(entered('canary', 25), fromMonolith('SPLIT'), fromMonolith('TARGETING_MATCH'))).toEqual([])
  expect(tell(entered('canary', 25), fromMonolith('STALE'))).toMatchObject([
    { missed: [{ because: 'STALE' }] },
  ])
})

test('reads of one’s own writes, headers of operators and, before the cut-over, writes say nothing', () => {
  expect(tell(FULL, fromMonolith('READ_YOUR_WRITES'))).toEqual([])
  expect(tell(FULL, fromMonolith('OVERRIDE'), { reason: 'OVERRIDE' })).toEqual([])
  expect(tell(FULL, { ...fromMonolith('STATIC'), effect: 'write' })).toEqual([])
})

test('once the service owns, whom the monolith answers is told by address, endpoint and reason', () => {
  const [answers] = tell(
    entered('owned'),
    ...[
      fromMonolith('OVERRIDE'),
      fromMonolith('OVERRIDE'),
      { ...fromMonolith('STATIC'), client: '10.0.0.8' },
    ],
  )
  expect(answers).toMatchObject({
    missed: [{ because: 'STATIC', requests: 1 }],
    callers: [
      { endpoint: READ, because: 'OVERRIDE', address: '10.0.0.7', requests: 2 },
      { endpoint: READ, because: 'STATIC', address: '10.0.0.8', requests: 1 },
    ],
  })
  const many = Array.from({ length: 100 }, (_, turn) => ({
    ...fromMonolith('OVERRIDE'),
    client: `10.0.0.${turn}`,
  }))
  expect(tell(entered('owned'), ...many)[0]?.callers).toHaveLength(8)
})

test('a word covers the time since the one before, and what could not be kept is told with its time', () => {
  let now = 1_000
  const book = createTrafficBook(() => now)
  book.follow(stateOf([FULL]))
  const take = () => book.take()?.answers[0]
  now = 3_000
  book.record(exchange())
  expect(take()?.watchedMs).toBe(2_000)
  now = 4_000
  book.record(exchange({ endpoint: 'GET /b', ...fromMonolith('STALE') }))
  const lost = book.take()!
  expect(lost.answers[0]).toMatchObject({ watchedMs: 1_000 })
  book.putBack(lost)
  now = 9_000
  book.record(exchange())
  expect(take()).toMatchObject({ watchedMs: 6_000, served: [READ], missed: [{ endpoint: 'GET /b' }] })
  // Nobody came: there is no word, and the next one covers the silence.
  now = 60_000
  expect(book.take()).toBeUndefined()
  book.record(exchange())
  expect(take()?.watchedMs).toBe(51_000)
  // Another step begins anew.
  book.record(exchange())
  book.follow(stateOf([FULL, entered('owned')]))
  now = 61_000
  book.record(exchange({ reason: 'STATIC' }))
  expect(take()).toMatchObject({ entered: 2, watchedMs: 1_000 })
})
