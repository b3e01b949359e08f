import { expect, it } from 'vitest'
import { createTrafficSeries, percentile95 } from '../../strangler/admin/live/traffic-series.ts'
import type { ExchangeRecord } from '../../strangler/core/exchange-record.ts'
import { joinTraffic } from '../../strangler/telemetry/join-traffic.ts'
import { createTrafficMeter, type TrafficMeter } from '../../strangler/telemetry/traffic-meter.ts'

const READ = 'GET /items'

function see(meter: TrafficMeter, times: number, over: Partial<ExchangeRecord> = {}): void {
  const record = {
    endpoint: READ,
    capability: 'inventory',
    target: 'monolith',
    status: 200,
    durationMs: 4,
    ...over,
  }
  for (let count = 0; count < times; count += 1) meter.record(record as ExchangeRecord)
}

it('makes a point of each side out of what was counted between two looks', () => {
  const [meter, series] = [createTrafficMeter(), createTrafficSeries()]
  see(meter, 1_000)
  series.look(0, meter.read())
  expect(series.points()).toEqual([])
  see(meter, 40)
  see(meter, 9, { target: 'service', durationMs: 70 })
  see(meter, 1, { target: 'service', status: 502, durationMs: 70 })
  // The client went by itself: that says nothing of a side.
  see(meter, 5, { target: 'service', code: 'CLIENT_GONE' })
  // What nobody has named goes to the monolith, too.
  see(meter, 10, { endpoint: undefined, capability: undefined })
  series.look(2_000, meter.read())
  expect(series.points()).toEqual([
    {
      at: 2_000,
      monolith: { perSecond: 25, errorShare: 0, p95Ms: expect.closeTo(4.88, 1) },
      service: { perSecond: 5, errorShare: 0.1, p95Ms: expect.closeTo(97.5, 1) },
      capabilities: { inventory: { monolith: 20, service: 5 } },
    },
  ])
  expect(series.endpoints().map(({ endpoint, target, perSecond }) => [endpoint, target, perSecond])).toEqual([
    [READ, 'monolith', 20],
    [READ, 'service', 5],
  ])
})

it('keeps a quarter of an hour, and says nothing where nothing was', () => {
  const [meter, series] = [createTrafficMeter(), createTrafficSeries()]
  for (let look = 0; look < 1_000; look += 1) series.look(look * 2_000, meter.read())
  expect(series.points()).toHaveLength(450)
  expect(series.points().at(-1)).toMatchObject({
    ...{ at: 1_998_000, monolith: { perSecond: 0, errorShare: null, p95Ms: null }, capabilities: {} },
  })
  expect(series.endpoints()).toEqual([])
})

it('takes a proxy that was started anew for what it has counted since, not for less than nothing', () => {
  const series = createTrafficSeries()
  const [old, fresh] = [createTrafficMeter(), createTrafficMeter()]
  see(old, 500)
  series.look(0, old.read())
  see(fresh, 20)
  series.look(2_000, fresh.read())
  expect(series.points()[0]?.monolith.perSecond).toBe(10)
})

it('adds several processes up, row by row', () => {
  const [one, other] = [createTrafficMeter(), createTrafficMeter()]
  see(one, 3)
  see(other, 4, { status: 500 })
  see(other, 1, { target: 'service', durationMs: 99_999 })
  const [monolith, service, ...more] = joinTraffic([one.read(), other.read()])
  expect(more).toEqual([])
  expect(monolith).toMatchObject({ target: 'monolith', requests: 7, failures: 4 })
  expect(monolith?.durations.reduce((sum, count) => sum + count)).toBe(7)
  expect(service?.durations.at(-1)).toBe(1)
})

it('counts a bounded number of endpoints', () => {
  const meter = createTrafficMeter()
  for (let index = 0; index < 5_000; index += 1) see(meter, 1, { endpoint: `GET /${index}` })
  expect(meter.read()).toHaveLength(4_000)
})

it('finds the 95th percentile within its class', () => {
  expect(percentile95([])).toBeNull()
  expect(percentile95([0, 0, 0])).toBeNull()
  // All within 25 to 50 ms: at 95 % of the way.
  expect(percentile95([0, 0, 0, 0, 0, 100])).toBe(48.75)
  // Longer than the last bound: not less than it.
  expect(percentile95([...Array<number>(14).fill(0), 7])).toBe(30_000)
})
