import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AnswersSeen, SoakClock } from '../../strangler/core/traffic-words.ts'
import { advanceSoak } from '../../strangler/guide/soak-clock.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const seen = (changes: Partial<AnswersSeen> = {}): AnswersSeen => ({
  ...{ capability: 'stock', entered: 7, watchedMs: SECOND, served: [], missed: [], callers: [] },
  ...changes,
})
const served = (...endpoints: string[]) => ({ served: endpoints })
const missed = (endpoint: string, because: AnswersSeen['missed'][number]['because'] = 'STATIC') => ({
  missed: [{ endpoint, because, requests: 3 }],
})

/** Words of a proxy, one after the other; each has watched since the one before. */
function run(words: readonly (readonly [afterMs: number, Partial<AnswersSeen>])[], from?: SoakClock) {
  let now = from?.heardAt ?? 0
  let clock = from
  for (const [afterMs, changes] of words) {
    now += afterMs
    clock = advanceSoak(clock, seen({ watchedMs: afterMs, ...changes }), now)
  }
  return clock!
}

const times = (count: number, afterMs: number, changes: Partial<AnswersSeen>) =>
  Array.from({ length: count }, () => [afterMs, changes] as const)

test('it goes while the service answers, and whoever sets a route by hand only stops it', () => {
  const before = run(times(60, SECOND, served('GET /a')))
  expect(before).toMatchObject({ soakedMs: MINUTE, missing: {} })
  const during = run(times(120, SECOND, missed('GET /a')), before)
  expect(during).toMatchObject({ soakedMs: MINUTE, missing: { 'GET /a': 180 * SECOND } })
  expect(during.missed).toEqual({ endpoint: 'GET /a', because: 'STATIC', requests: 360, at: 180 * SECOND })
  // The word that brings it back tells of a second in which some of it was still otherwise, perhaps.
  const after = run(times(10, SECOND, served('GET /a')), during)
  expect(after).toMatchObject({ soakedMs: 69 * SECOND, missing: {} })
  expect(after.missed?.requests).toBe(360)
})

test('five minutes of it begin the time anew', () => {
  const before = run(times(600, SECOND, served('GET /a')))
  const short = run(times(299, SECOND, missed('GET /a', 'STALE')), before)
  expect(short.soakedMs).toBe(10 * MINUTE)
  expect(run(times(301, SECOND, missed('GET /a', 'STALE')), before).soakedMs).toBe(0)
  expect(run([[MINUTE, missed('GET /a', 'STALE')]], short).soakedMs).toBe(0)
})

test('what one endpoint has missed holds it though others are served, until that one is served again', () => {
  const before = run(times(60, SECOND, served('GET /busy', 'GET /rare')))
  const held = run([[SECOND, { ...missed('GET /rare'), ...served('GET /busy') }]], before)
  const still = run(times(3_600, SECOND, served('GET /busy')), held)
  expect(still).toMatchObject({ soakedMs: MINUTE, missing: { 'GET /rare': 61 * SECOND } })
  const back = run([[SECOND, served('GET /rare')], ...times(5, SECOND, served('GET /busy'))], still)
  expect(back).toMatchObject({ soakedMs: 65 * SECOND, missing: {} })
  // An endpoint that nobody asks any more does not hold it for ever.
  expect(run(times(2, 24 * HOUR, served('GET /busy')), still).missing).toEqual({})
})

test('what happened while no proxy ran does not count, whatever the clock on the wall says', () => {
  const before = run(times(60, SECOND, served('GET /a')))
  const anHourLater = advanceSoak(
    before,
    seen({ watchedMs: 2 * SECOND, ...served('GET /a') }),
    before.heardAt + HOUR,
  )
  expect(anHourLater.soakedMs).toBe(62 * SECOND)
  // A word of a proxy that was there all the time.
  const watched = advanceSoak(before, seen({ watchedMs: HOUR, ...served('GET /a') }), before.heardAt + HOUR)
  expect(watched.soakedMs).toBe(61 * MINUTE)
})

test('a silence counts as a night does, and no longer', () => {
  const before = run(times(60, SECOND, served('GET /a')))
  expect(run([[8 * HOUR, served('GET /a')]], before).soakedMs).toBe(8 * HOUR + MINUTE)
  expect(run([[60 * HOUR, served('GET /a')]], before).soakedMs).toBe(12 * HOUR + MINUTE)
})

test('two proxies count a second once, and one that misses what the other serves stops it', () => {
  let clock: SoakClock | undefined
  for (let now = 500; now <= 60_000; now += 500) clock = advanceSoak(clock, seen(served('GET /a')), now)
  expect(clock!.soakedMs).toBeLessThanOrEqual(MINUTE + SECOND)
  const before = clock!
  for (let now = 60_500; now <= 120_000; now += 500) {
    const word = now % SECOND === 0 ? served('GET /a') : missed('GET /a', 'STALE')
    clock = advanceSoak(clock, seen(word), now)
  }
  expect(clock!.soakedMs).toBe(before.soakedMs)
})

test('callers of the monolith are the newest eight, each with how often', () => {
  const caller = (address: string) => ({
    callers: [{ endpoint: 'GET /a', because: 'OVERRIDE' as const, address, requests: 2 }],
  })
  const clock = run(Array.from({ length: 30 }, (_, turn) => [SECOND, caller(`10.0.0.${turn % 15}`)] as const))
  expect(clock.callers).toHaveLength(8)
  expect(clock.callers[0]).toEqual({
    ...{ endpoint: 'GET /a', because: 'OVERRIDE', address: '10.0.0.14', requests: 2 },
    at: 30 * SECOND,
  })
  const twice = run([
    [SECOND, caller('10.0.0.1')],
    [SECOND, caller('10.0.0.1')],
  ])
  expect(twice.callers).toMatchObject([{ requests: 4, at: 2 * SECOND }])
})

test('whatever comes, it never counts more than the seconds in which nothing was missed', () => {
  const word = fc.record({
    good: fc.subarray(['GET /a', 'GET /b']),
    bad: fc.subarray(['GET /a', 'GET /b']),
    awayMs: fc.constantFrom(0, 0, 0, 90_000),
  })
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), (words) => {
      let [clock, now, most]: [SoakClock | undefined, number, number] = [undefined, 0, 0]
      for (const { good, bad, awayMs } of words) {
        now += SECOND + awayMs
        const misses = bad.map((endpoint) => ({ endpoint, because: 'STALE' as const, requests: 1 }))
        clock = advanceSoak(
          clock,
          seen({ served: good.filter((one) => !bad.includes(one)), missed: misses }),
          now,
        )
        if (bad.length === 0) most += SECOND
      }
      expect(clock?.soakedMs ?? 0).toBeLessThanOrEqual(most)
    }),
  )
})
