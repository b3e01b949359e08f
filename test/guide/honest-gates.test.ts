import { expect, test } from 'vitest'
import { serviceSidesAtMonolith } from '../../strangler/config/service-sides-at-monolith.ts'
import { coverage, enoughComparisons, netMismatch } from '../../strangler/guide/gates/comparison-gates.ts'
import { contractPassed } from '../../strangler/guide/gates/contract-gates.ts'
import { noOverrides, proxyCost } from '../../strangler/guide/gates/traffic-gates.ts'
import type { GuideSnapshot } from '../../strangler/guide/snapshot.ts'
import { undoCostOf } from '../../strangler/guide/undo-cost.ts'
import { healthy } from './stand.ts'

const SHADOW = { step: 'shadow' } as const

test.each([coverage, netMismatch, enoughComparisons, contractPassed])(
  'while the monolith stands at the service’s address, $id knows nothing however green its numbers are',
  (gate) => {
    expect(gate.check(healthy(SHADOW)).state).toBe('pass')
    const found = gate.check(healthy(SHADOW, { monolithAsService: 'books' }))
    expect(found).toMatchObject({ id: gate.id, state: 'unknown' })
    expect(found.reason).toContain('`sides.books` is the monolith’s own address'.replace('’', "'"))
  },
)

test('a side is the monolith’s own by its address', () => {
  const sides = { monolith: { url: 'http://a' }, books: { url: 'http://a' }, loans: { url: 'http://b' } }
  expect(serviceSidesAtMonolith({ sides } as never)).toEqual(['books'])
  expect(serviceSidesAtMonolith({ sides: { books: { url: 'http://a' } } } as never)).toEqual([])
})

test('what gave way to clients does not count against coverage, and its number is told; what was skipped counts', () => {
  const good = healthy(SHADOW)
  const comparison = { ...good.comparison!, eligible: 1_000, compared: 950, gaveWay: 90_000 }
  const { state, reason, evidence } = coverage.check({ ...good, comparison })
  expect(state).toBe('pass')
  expect(reason).toContain('950 of 1,000 exchanges were compared')
  expect(reason).toContain('90,000 more exchanges gave way to clients')
  expect(evidence).toMatchObject({ gaveWay: 90_000 })
  const skipping = { ...comparison, eligible: 91_000, gaveWay: 0 }
  expect(coverage.check({ ...good, comparison: skipping }).state).toBe('fail')
})

test('net-mismatch names the differences of which nobody knows yet what they are, for its bound counts them', () => {
  const good = healthy(SHADOW)
  const comparison = { ...good.comparison!, compared: 607, unknownMismatches: 2, netUpperBound: 0.012 }
  const { reason, evidence } = netMismatch.check({ ...good, comparison })
  expect(reason).toContain(
    '0 of 607 exchanges differ beyond noise, and of 2 more it is not known yet (counted as different); with 95 % certainty at most 1.2 % do',
  )
  expect(evidence).toMatchObject({ netMismatches: 0, unknownMismatches: 2 })
  expect(netMismatch.check(good).reason).not.toContain('not known')
})

test('where all gave way, coverage is unknown', () => {
  const good = healthy(SHADOW)
  const comparison = { ...good.comparison!, eligible: 0, compared: 0, gaveWay: 5_000 }
  expect(coverage.check({ ...good, comparison }).state).toBe('unknown')
})

function withComparisons(counts: Record<string, number>, rare: readonly string[]): GuideSnapshot {
  const good = healthy(SHADOW)
  const names = Object.keys(counts)
  return {
    ...good,
    endpoints: names.map((endpoint) => ({
      endpoint,
      requests: counts[endpoint] ?? 0,
      rare: rare.includes(endpoint),
    })),
    comparison: {
      ...good.comparison!,
      perEndpoint: names.map((endpoint) => ({ endpoint, compared: counts[endpoint] ?? 0 })),
    },
  }
}

test('rare endpoints are not counted among those that were compared often, and are named with their number', () => {
  const { state, reason } = enoughComparisons.check(
    withComparisons({ 'GET /a': 500, 'GET /b': 0, 'GET /c': 3 }, ['GET /b', 'GET /c']),
  )
  expect(state).toBe('pass')
  expect(reason).toBe(
    '1 endpoint was compared at least 200 times. Less often, and marked as rare: GET /b 0, GET /c 3.',
  )
})

test('a mark as rare is advised for what nobody asks for, never for what only wants some more', () => {
  const snapshot = withComparisons({ 'GET /busy': 194, 'GET /idle': 0 }, [])
  const busy = { endpoint: 'GET /busy', requests: 9_000, rare: false }
  const idle = { endpoint: 'GET /idle', requests: 1, rare: false }
  expect(enoughComparisons.check({ ...snapshot, endpoints: [busy, idle] }).fix).toContain('rare "GET /idle"')
  expect(enoughComparisons.check({ ...snapshot, endpoints: [busy, { ...idle, rare: true }] })).toMatchObject({
    state: 'unknown',
    fix: 'Wait for requests.',
  })
})

test('a few slow requests fail no proxy: their p99 is chance', () => {
  const of = (requests: number) =>
    proxyCost.check({ ...healthy(), traffic: { requests, watchedMs: 1, proxyP99Ms: 2.4 } })
  expect(of(31)).toMatchObject({ state: 'unknown' })
  expect(of(31).reason).toContain('Of 31 requests that is chance')
  expect(of(100)).toMatchObject({ state: 'fail' })
})

test('every endpoint that is set by hand is named with the command that clears it', () => {
  const one = noOverrides.check(healthy(SHADOW, { overrides: ['GET /a'] }))
  expect(one.reason).toContain('1 endpoint is set by hand')
  const two = noOverrides.check(healthy(SHADOW, { overrides: ['GET /a', 'GET /b'] }))
  expect(two.fix).toBe('`strangler route clear "GET /a"`, `strangler route clear "GET /b"`')
})

test('going back is not called free while writes go to the service by hand', () => {
  expect(undoCostOf(healthy()).kind).toBe('free')
  const stray = undoCostOf(healthy(SHADOW, { strayRoutes: ['POST /books'] }))
  expect(stray.kind).toBe('impossible')
  expect(stray.reason).toContain('`strangler route set "POST /books" monolith`')
})
