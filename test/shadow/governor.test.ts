import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { adaptRate, FIRST_RATE, LEAST_RATE, MOST_WAITED } from '../../strangler/shadow/adapt-rate.ts'
import { createGovernor, type Governor, STRETCH_MS } from '../../strangler/shadow/governor.ts'
import { shareLevel } from '../../strangler/shadow/share-level.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const QUIET = 0.02

interface Load {
  /** Requests a second, by endpoint. */
  readonly requests: Readonly<Record<string, number>>
  readonly seconds: number
  /** What the serving thread waits for, when so many exchanges a second are compared. */
  readonly waitsAt: (comparedPerSecond: number) => number
  readonly onAdmitted?: (endpoint: string, governor: Governor) => void
}

/** A machine in simulated time: a tick is a millisecond, requests come evenly. */
function simulate() {
  let inStretch = 0
  let load: Load | undefined
  let seed = 7
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return seed / 2 ** 32
  }
  const skipped: Record<string, number> = {}
  const governor = createGovernor({
    now: () => performance.now(),
    random,
    wait: {
      take() {
        const waited = load?.waitsAt((inStretch * 1_000) / STRETCH_MS) ?? 0
        inStretch = 0
        return waited
      },
    },
    onSkipped({ endpoint, reason, count }) {
      expect(reason).toBe('gave-way')
      skipped[endpoint] = (skipped[endpoint] ?? 0) + count
    },
  })
  return {
    governor,
    skipped,
    /** How many of each endpoint were admitted. */
    run(next: Load): Record<string, number> {
      load = next
      const admitted: Record<string, number> = {}
      const due: Record<string, number> = {}
      for (let ms = 0; ms < next.seconds * 1_000; ms++) {
        for (const [endpoint, perSecond] of Object.entries(next.requests)) {
          due[endpoint] = (due[endpoint] ?? 0) + perSecond
          for (; (due[endpoint] ?? 0) >= 1_000; due[endpoint] = (due[endpoint] ?? 0) - 1_000) {
            if (!governor.admits('inventory', endpoint)) continue
            inStretch += 1
            admitted[endpoint] = (admitted[endpoint] ?? 0) + 1
            next.onAdmitted?.(endpoint, governor)
          }
        }
        vi.advanceTimersByTime(1)
      }
      return admitted
    },
  }
}

const roomFor = (perSecond: number) => (compared: number) => (compared > perSecond ? 0.3 : QUIET)

test('on a machine with processors to spare everything is compared, within seconds of the first request', () => {
  const { run } = simulate()
  const quiet = { requests: { 'GET /a': 4_000 }, waitsAt: () => QUIET }
  run({ ...quiet, seconds: 4 })
  expect(run({ ...quiet, seconds: 2 })).toEqual({ 'GET /a': 8_000 })
})

test('what fits into the first rate is compared from the first request on', () => {
  const { run } = simulate()
  const few = { requests: { 'GET /a': 90, 'GET /b': 90 }, waitsAt: () => QUIET }
  expect(run({ ...few, seconds: 1 })).toEqual({ 'GET /a': 90, 'GET /b': 90 })
})

test('where there are processors for a thousand a second, about as many are compared, and no stretch after the first second takes twice as many', () => {
  const { run } = simulate()
  const waits: number[] = []
  const load = {
    requests: { 'GET /a': 4_000 },
    waitsAt(compared: number) {
      waits.push(compared)
      return roomFor(1_000)(compared)
    },
  }
  run({ ...load, seconds: 5 })
  waits.length = 0
  const { 'GET /a': compared = 0 } = run({ ...load, seconds: 10 })
  expect(compared / 10).toBeGreaterThan(600)
  expect(compared / 10).toBeLessThan(1_100)
  expect(Math.max(...waits)).toBeLessThan(2_000)
})

test('on a machine that is always short, a few go on being compared, and everything else is counted', () => {
  const { run, skipped, governor } = simulate()
  const load = { requests: { 'GET /a': 4_000 }, waitsAt: () => 0.5 }
  const first = run({ ...load, seconds: 1 })['GET /a'] ?? 0
  const { 'GET /a': then = 0 } = run({ ...load, seconds: 10 })
  expect(then).toBeGreaterThan(LEAST_RATE * 10 * 0.7)
  expect(then).toBeLessThan(LEAST_RATE * 10 * 1.3)
  governor.flush()
  expect(first + then + (skipped['GET /a'] ?? 0)).toBe(44_000)
})

test('an endpoint that is asked for seldom is always compared, however busy its neighbours are', () => {
  const { run, skipped } = simulate()
  const requests = { 'GET /busy': 4_000, 'GET /rare': 2, 'GET /rarer': 0.5 }
  const load = { requests, waitsAt: () => 0.5 }
  run({ ...load, seconds: 2 })
  const found = run({ ...load, seconds: 20 })
  expect(found).toMatchObject({ 'GET /rare': 40, 'GET /rarer': 10 })
  expect(skipped).not.toHaveProperty('GET /rare')
})

test('a hundred endpoints that all begin at once get little more together than one would', () => {
  const { run } = simulate()
  const requests = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`GET /${n}`, 1_000]))
  const found = run({ requests, seconds: STRETCH_MS / 1_000, waitsAt: () => 0.5 })
  const all = Object.values(found).reduce((sum, one) => sum + one, 0)
  expect(Object.keys(found)).toHaveLength(100)
  expect(all).toBeLessThanOrEqual((2 * FIRST_RATE * STRETCH_MS) / 1_000 + 100)
})

test('two busy endpoints get as much of it as each other, though one has three times the requests', () => {
  const { run } = simulate()
  const load = { requests: { 'GET /a': 900, 'GET /b': 2_700 }, waitsAt: () => 0.5 }
  run({ ...load, seconds: 2 })
  const { 'GET /a': a = 0, 'GET /b': b = 0 } = run({ ...load, seconds: 20 })
  expect(a / b).toBeGreaterThan(0.75)
  expect(a / b).toBeLessThan(1.33)
})

test('an endpoint of which nothing can be compared is only tried now and then, until something is', () => {
  const { run } = simulate()
  let works = false
  const load = {
    requests: { 'GET /hangs': 500, 'GET /works': 500 },
    waitsAt: () => QUIET,
    onAdmitted: (endpoint: string, { note }: Governor) =>
      note({ endpoint, compared: works || endpoint === 'GET /works', count: 1 }),
  }
  run({ ...load, seconds: 4 })
  const failing = run({ ...load, seconds: 10 })
  expect(failing['GET /works']).toBe(5_000)
  expect(failing['GET /hangs']).toBeGreaterThan(5)
  expect(failing['GET /hangs']).toBeLessThan(60)
  works = true
  run({ ...load, seconds: 4 })
  expect(run({ ...load, seconds: 2 })).toEqual({ 'GET /hangs': 1_000, 'GET /works': 1_000 })
})

test('after a rest the governor begins where it was, and nothing runs while nobody asks', () => {
  const { run } = simulate()
  run({ requests: { 'GET /a': 4_000 }, seconds: 5, waitsAt: () => 0.5 })
  vi.advanceTimersByTime(60_000)
  expect(vi.getTimerCount()).toBe(0)
  const { 'GET /a': found = 0 } = run({ requests: { 'GET /a': 4_000 }, seconds: 1, waitsAt: () => 0.5 })
  expect(found).toBeLessThan(2 * LEAST_RATE)
})

test('the level shares all there is: nobody gets more than it wants, and who gets less gets as much as anybody', () => {
  const wanted = fc.array(fc.double({ min: 0, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(wanted, fc.double({ min: 1, max: 1e5, noNaN: true }), (all, total) => {
      const level = shareLevel(all, total)
      const given = all.map((one) => Math.min(one, level)).reduce((sum, one) => sum + one, 0)
      const sum = all.reduce((one, other) => one + other, 0)
      expect(given).toBeCloseTo(Math.min(sum, total), 3)
    }),
  )
})

test('the rate falls faster the longer clients wait, by half at most, and never below the least', () => {
  const seen = { admitted: 1_000, wasShort: true }
  const after = (waited: number) => adaptRate(1_000, { ...seen, waited })
  expect(after(MOST_WAITED * 1.1)).toBeCloseTo(1_000 / 1.1)
  expect(after(MOST_WAITED * 4)).toBe(500)
  expect(after(MOST_WAITED)).toBeGreaterThan(1_000)
  expect(adaptRate(LEAST_RATE, { ...seen, waited: 0.9 })).toBe(LEAST_RATE)
})

test('a rate that nobody has used up does not grow: it was not tried', () => {
  expect(adaptRate(FIRST_RATE, { admitted: 10, wasShort: false, waited: 0 })).toBe(FIRST_RATE)
})

test('twin: one that only looks at how much is compared, not at who waits, keeps clients waiting', () => {
  let rate = FIRST_RATE
  for (let i = 0; i < 100; i++) rate = adaptRate(rate, { admitted: rate, wasShort: true, waited: 0 })
  expect(roomFor(1_000)(rate)).toBeGreaterThan(MOST_WAITED)
})
