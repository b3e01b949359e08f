import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { HeardHeartbeat } from '../core/data-position.ts'
import type { ExchangeRecord } from '../core/exchange-record.ts'
import { createHistogram, type Observations } from './histogram.ts'
import { createPositionMetrics } from './position-metrics.ts'

const DURATION_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const OWN_TIME_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064]
const BREAKER_VALUE = { closed: 0, probing: 1, open: 2 } as const

/** The kit's Prometheus metrics. Labels are bounded: endpoints of the configuration, sides, reasons, status classes. */
export interface Metrics {
  recordExchange(record: ExchangeRecord): void
  recordVerdict(endpoint: string, verdict: string, count: number): void
  setBreaker(capability: string, state: keyof typeof BREAKER_VALUE): void
  setTableVersion(version: number): void
  setControlConnected(connected: boolean): void
  setHeld(capability: string, waiting: number): void
  setUpgraded(open: number): void
  readonly registry: Registry
}

/** @param options.beforeScrape runs before every scrape, for gauges that are read, not written */
export function createMetrics(
  options: {
    beforeScrape?: (metrics: Metrics) => void
    /** What the data syncs said last. */
    heard?: () => readonly HeardHeartbeat[]
    processMetrics?: boolean
  } = {},
): Metrics {
  const registry = new Registry()
  const registers = [registry]
  if (options.processMetrics !== false) collectDefaultMetrics({ register: registry })
  const requests = createExchangeMetrics(registers)
  const comparisons = new Counter({
    name: 'strangler_comparisons_total',
    help: 'Exchanges that were to be compared, by what came of it; `gave-way`: left out by lot while processors were short.',
    labelNames: ['endpoint', 'verdict'],
    registers,
  })
  const breaker = new Gauge({
    name: 'strangler_breaker_state',
    help: 'Breaker of a capability’s service reads: 0 closed, 1 probing, 2 open. With several workers: the worst of them.',
    labelNames: ['capability'],
    aggregator: 'max',
    registers,
  })
  const tableVersion = new Gauge({
    name: 'strangler_table_version',
    help: 'Journal version of the route table in use. With several workers: of the one that is furthest behind.',
    aggregator: 'min',
    registers,
  })
  const connected = new Gauge({
    name: 'strangler_control_connected',
    help: 'Whether the control database is in reach: 1 or 0. With several workers: 0 as soon as one does not reach it.',
    aggregator: 'min',
    registers,
  })
  const held = new Gauge({
    name: 'strangler_held_writes',
    help: 'Writes that wait for a hold now.',
    labelNames: ['capability'],
    registers,
    // Metrics are read in the order of their making: what this writes is read after it, in the same scrape.
    collect: () => options.beforeScrape?.(metrics),
  })
  const upgraded = new Gauge({
    name: 'strangler_upgraded_connections',
    help: 'Open upgraded connections (WebSocket).',
    registers,
  })
  createPositionMetrics(registers, options.heard ?? (() => []))
  const metrics: Metrics = {
    registry,
    recordExchange: requests,
    recordVerdict: (endpoint, verdict, count) => comparisons.inc({ endpoint, verdict }, count),
    setBreaker: (capability, state) => breaker.set({ capability }, BREAKER_VALUE[state]),
    setTableVersion: (version) => tableVersion.set(version),
    setControlConnected: (isConnected) => connected.set(isConnected ? 1 : 0),
    setHeld: (capability, waiting) => held.set({ capability }, waiting),
    setUpgraded: (open) => upgraded.set(open),
  }
  return metrics
}

/**
 * What counts is made once per combination and found by comparing: the labels' hashing would otherwise cost more than the counting. An
 * endpoint sees few combinations.
 */
function createExchangeMetrics(registers: Registry[]): (record: ExchangeRecord) => void {
  const all: ExchangeCounters[] = []
  new Counter({
    name: 'strangler_requests_total',
    help: 'Requests through the proxy.',
    labelNames: ['endpoint', 'target', 'reason', 'status', 'code'],
    registers,
    collect() {
      this.reset()
      for (const { endpoint, target, reason, statusClass, code, requests } of all)
        this.inc({ endpoint, target, reason, status: `${statusClass}xx`, code: code ?? '' }, requests)
    },
  })
  const durations = createHistogram({
    name: 'strangler_request_duration_seconds',
    help: 'Time from a request’s headers in to its answer’s end, held time included.',
    labelNames: ['endpoint', 'target'],
    buckets: DURATION_SECONDS,
    registers,
  })
  const own = createHistogram({
    name: 'strangler_proxy_duration_seconds',
    help: 'The proxy’s own share of a request, without the side’s time and without holds.',
    labelNames: [],
    buckets: OWN_TIME_SECONDS,
    registers,
  })({})
  const byEndpoint = new Map<string, ExchangeCounters[]>()
  const countersOf = (record: ExchangeRecord): ExchangeCounters => {
    const endpoint = record.endpoint ?? '-'
    const present = byEndpoint.get(endpoint) ?? []
    const statusClass = Math.floor(record.status / 100)
    for (const counters of present) if (isFor(counters, record, statusClass)) return counters
    const { target, reason, code } = record
    const sameSide = present.find((counters) => counters.target === target)
    const duration = sameSide?.duration ?? durations({ endpoint, target })
    const made = { endpoint, target, reason, code, statusClass, requests: 0, duration }
    byEndpoint.set(endpoint, [...present, made])
    all.push(made)
    return made
  }
  return (record) => {
    const counters = countersOf(record)
    counters.requests += 1
    counters.duration.observe(record.durationMs / 1_000)
    if (record.proxyMs !== undefined) own.observe(record.proxyMs / 1_000)
  }
}

/** What counts one combination of labels at an endpoint. */
interface ExchangeCounters extends Pick<ExchangeRecord, 'target' | 'reason' | 'code'> {
  readonly endpoint: string
  readonly statusClass: number
  requests: number
  /** Of the endpoint and the side, whatever came of the request. */
  readonly duration: Observations
}

function isFor(counters: ExchangeCounters, record: ExchangeRecord, statusClass: number): boolean {
  return (
    counters.statusClass === statusClass &&
    counters.reason === record.reason &&
    counters.target === record.target &&
    counters.code === record.code
  )
}
