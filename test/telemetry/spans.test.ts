import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Collector, type ReceivedSpan, startCollector } from './collector.ts'
import { startTracedKit, type TracedKit } from './traced-kit.ts'

const SLOW_MS = 60_000
const READ = 'GET /api/stock/:id'
const WRITE = 'POST /api/stock/:id'
const traceId = (digit: string) => digit.repeat(32)
const client = (digit: string, flags = '01') => `00-${traceId(digit)}-${'c'.repeat(16)}-${flags}`
const ask = async (url: string, traceparent: string, method = 'GET') =>
  (await fetch(url, { method, headers: { traceparent } })).text()

describe('with OpenTelemetry, at a collector', () => {
  let collector: Collector
  let kit: TracedKit

  beforeAll(async () => {
    collector = await startCollector()
    kit = await startTracedKit({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_SERVICE_NAME: 'edge',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    })
  }, SLOW_MS)
  afterAll(async () => {
    await kit?.stop()
    await collector?.stop()
  })

  const until = (isIt: (span: ReceivedSpan) => boolean) =>
    expect
      .poll(() => collector.spans.find(isIt), { timeout: 30_000, interval: 50 })
      .toBeDefined()
      .then(() => collector.spans.find(isIt) as ReceivedSpan)
  const of = (trace: string, name: string) => (span: ReceivedSpan) =>
    span.traceId === trace && span.name === name

  it('the shadow request’s span is a child of the exchange’s, and says the verdict', {
    timeout: SLOW_MS,
  }, async () => {
    await ask(`${kit.proxyUrl}/api/stock/3`, client('1'))
    const shadow = await until(of(traceId('1'), `shadow ${READ}`))
    const exchange = await until(of(traceId('1'), READ))
    expect(exchange).toMatchObject({ service: 'edge', parentSpanId: 'c'.repeat(16) })
    expect(shadow.parentSpanId).toBe(exchange.spanId)
    expect(shadow.attributes).toMatchObject({
      'strangler.verdict': 'mismatch',
      'strangler.side': 'service',
      'strangler.capability': 'inventory',
      'http.route': '/api/stock/:id',
    })
    expect(shadow.attributes['strangler.took_ms']).toBeGreaterThan(0)
    // It begins after the client's answer, whose span ends with it.
    expect(BigInt(shadow.startTimeUnixNano)).toBeGreaterThan(BigInt(exchange.startTimeUnixNano))
    expect(kit.asked.service).toContain(`00-${traceId('1')}-${shadow.spanId}-01`)
    expect(kit.asked.monolith).toContain(`00-${traceId('1')}-${exchange.spanId}-01`)
  })

  it('of a trace that is not sampled nothing is told, and its ids still reach both sides', {
    timeout: SLOW_MS,
  }, async () => {
    await ask(`${kit.proxyUrl}/api/stock/3`, client('2', '00'))
    await expect.poll(() => kit.asked.service.some((one) => one.includes(traceId('2')))).toBe(true)
    await ask(`${kit.proxyUrl}/api/stock/3`, client('3'))
    await until(of(traceId('3'), `shadow ${READ}`))
    expect(collector.spans.filter((span) => span.traceId === traceId('2'))).toEqual([])
  })

  it('an applied change is linked to the exchange that wrote it, and has a trace of its own', {
    timeout: SLOW_MS,
  }, async () => {
    await kit.copy()
    await until(({ name }) => name === 'apply inventory')
    await ask(`${kit.proxyUrl}/api/stock/5`, client('4'), 'POST')
    const exchange = await until(of(traceId('4'), WRITE))
    const isLinked = ({ links }: ReceivedSpan) => links.some((link) => link.traceId === traceId('4'))
    const applied = await until(isLinked)
    expect(applied.links).toMatchObject([{ traceId: traceId('4'), spanId: exchange.spanId }])
    expect(applied.name).toBe('apply inventory')
    expect(applied.parentSpanId).toBe('')
    expect(applied.traceId).not.toBe(traceId('4'))
    expect(Number(applied.attributes['strangler.changes'])).toBe(1)
    expect(Number(applied.attributes['strangler.quarantined'])).toBe(0)
  })

  it('a change of which nobody knows who wrote it has a span without a link', {
    timeout: SLOW_MS,
  }, async () => {
    const before = collector.spans.filter(({ name }) => name === 'apply inventory').length
    // The same pool: what an earlier transaction has said must not stand any more.
    for (let turn = 0; turn < 5; turn += 1)
      await kit.shop.query('UPDATE stock SET quantity = quantity + 1 WHERE id = 7')
    const applied = () => collector.spans.filter(({ name }) => name === 'apply inventory').slice(before)
    await expect.poll(() => applied().length, { timeout: 30_000 }).toBeGreaterThan(0)
    expect(applied().flatMap(({ links }) => links)).toEqual([])
  })

  it('a command has a span', { timeout: SLOW_MS }, async () => {
    await until(({ name }) => name === 'command /sync/backfill')
  })

  it('the SDK was loaded once, and each exchange begins its spans there', async () => {
    const watched = await kit.watched()
    expect(watched.filter((line) => line === 'load @opentelemetry/sdk-node')).toHaveLength(1)
    expect(watched.filter((line) => line === 'span').length).toBeGreaterThan(6)
  })
})

describe('without OpenTelemetry', () => {
  let kit: TracedKit

  beforeAll(async () => {
    kit = await startTracedKit()
  }, SLOW_MS)
  afterAll(() => kit?.stop())

  it('nothing but the interface is loaded, and no span is begun for any request, shadow or change', {
    timeout: SLOW_MS,
  }, async () => {
    await kit.copy()
    for (let turn = 0; turn < 20; turn += 1) {
      await ask(`${kit.proxyUrl}/api/stock/3`, client('1'))
      await ask(`${kit.proxyUrl}/api/stock/3`, client('1'), 'POST')
    }
    await expect.poll(() => kit.asked.service.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(20)
    await expect
      .poll(async () => (await kit.admin.syncs()).syncs[0]?.live?.entries, { timeout: 30_000 })
      .toBe(0)
    const watched = await kit.watched()
    expect(new Set(watched)).toEqual(new Set(['load @opentelemetry/api', 'span']))
    // The one that finds out whether somebody has registered a tracer.
    expect(watched.filter((line) => line === 'span')).toHaveLength(1)
  })
})
