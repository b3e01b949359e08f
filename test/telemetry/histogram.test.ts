import fc from 'fast-check'
import { AggregatorRegistry, Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import type { ExchangeRecord } from '../../strangler/core/exchange-record.ts'
import { createHistogram } from '../../strangler/telemetry/histogram.ts'
import { createMetrics } from '../../strangler/telemetry/metrics.ts'

const SHAPE = { name: 'waited_seconds', help: 'Some time.', labelNames: ['side'] as const }
const BUCKETS = [0.001, 0.01, 0.5]
/** Bounds themselves, and what is between and beyond them. */
const observations = fc.array(
  fc.record({
    side: fc.constantFrom('monolith', 'service', 'a "quoted"\\\n one'),
    seconds: fc.oneof(fc.constantFrom(...BUCKETS, 0), fc.double({ min: 0, max: 2, noNaN: true })),
  }),
)

interface Observed {
  readonly side: string
  readonly seconds: number
}

function observeOurs(observed: readonly Observed[]): Registry {
  const registry = new Registry()
  const histogram = createHistogram({ ...SHAPE, buckets: BUCKETS, registers: [registry] })
  const bySide = new Map<string, ReturnType<typeof histogram>>()
  for (const { side, seconds } of observed) {
    const child = bySide.get(side) ?? histogram({ side })
    bySide.set(side, child)
    child.observe(seconds)
  }
  return registry
}

function observeTheirs(observed: readonly Observed[]): Registry {
  const registry = new Registry()
  const histogram = new Histogram({ ...SHAPE, buckets: BUCKETS, registers: [registry] })
  for (const { side, seconds } of observed) histogram.observe({ side }, seconds)
  return registry
}

const sumOf = async (registries: Registry[]) => {
  const told = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))
  // As it comes from another process.
  return AggregatorRegistry.aggregate(JSON.parse(JSON.stringify(told))).metrics()
}

test('the histogram reads as prom-client’s own does after the same observations, alone and summed over workers', async () => {
  await fc.assert(
    fc.asyncProperty(observations, observations, async (one, other) => {
      expect(await observeOurs(one).metrics()).toBe(await observeTheirs(one).metrics())
      expect(await sumOf([observeOurs(one), observeOurs(other)])).toBe(
        await sumOf([observeTheirs(one), observeTheirs(other)]),
      )
    }),
    { numRuns: 200 },
  )
})

test('requests are counted by every label, their durations by endpoint and side, and a second scrape counts nothing twice', async () => {
  const { registry, recordExchange } = createMetrics({ processMetrics: false })
  const record = (changes: Partial<ExchangeRecord>) =>
    recordExchange({
      ...{ endpoint: 'GET /a', target: 'service', reason: 'SPLIT', status: 200, code: undefined },
      ...{ durationMs: 3, proxyMs: 0.3 },
      ...changes,
    } as ExchangeRecord)
  record({})
  record({ status: 204 })
  record({ status: 503, durationMs: 700 })
  record({ target: 'monolith', reason: 'FALLBACK', code: 'STRANGLER_UPSTREAM_RESET' })
  record({ endpoint: undefined, proxyMs: undefined })
  await registry.metrics()
  const text = await registry.metrics()
  for (const line of [
    'strangler_requests_total{endpoint="GET /a",target="service",reason="SPLIT",status="2xx",code=""} 2',
    'strangler_requests_total{endpoint="GET /a",target="service",reason="SPLIT",status="5xx",code=""} 1',
    'strangler_requests_total{endpoint="GET /a",target="monolith",reason="FALLBACK",status="2xx",code="STRANGLER_UPSTREAM_RESET"} 1',
    'strangler_requests_total{endpoint="-",target="service",reason="SPLIT",status="2xx",code=""} 1',
    'strangler_request_duration_seconds_bucket{le="0.005",endpoint="GET /a",target="service"} 2',
    'strangler_request_duration_seconds_count{endpoint="GET /a",target="service"} 3',
    'strangler_request_duration_seconds_sum{endpoint="GET /a",target="service"} 0.706',
    'strangler_proxy_duration_seconds_bucket{le="0.0005"} 4',
    'strangler_proxy_duration_seconds_count 4',
  ])
    expect(text.split('\n')).toContain(line)
})
