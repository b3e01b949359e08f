import { DURATION_BOUNDS_MS, type EndpointTraffic } from '../../core/traffic-words.ts'
import type { Side } from '../../core/words.ts'
import type { EndpointRate, SideRate, TrafficPoint } from './live-words.ts'

/** A quarter of an hour at a look every two seconds. */
const MOST_POINTS = 450
/** For the rates of single endpoints, which few requests reach. */
const WINDOW_LOOKS = 15

interface Look {
  readonly at: number
  readonly rows: ReadonlyMap<string, EndpointTraffic>
}

/** Turns counts that only grow into rates: a point of each side per look, and what each endpoint did in the last half minute. */
export interface TrafficSeries {
  look(at: number, rows: readonly EndpointTraffic[]): void
  points(): readonly TrafficPoint[]
  endpoints(): readonly EndpointRate[]
}

export function createTrafficSeries(): TrafficSeries {
  const points: TrafficPoint[] = []
  const looks: Look[] = []

  return {
    look(at, rows) {
      const now: Look = { at, rows: new Map(rows.map((row) => [`${row.target} ${row.endpoint}`, row])) }
      const before = looks.at(-1)
      if (before !== undefined && at > before.at) points.push(toPoint(before, now))
      if (points.length > MOST_POINTS) points.shift()
      looks.push(now)
      if (looks.length > WINDOW_LOOKS + 1) looks.shift()
    },
    points: () => points,
    endpoints: () => (looks.length < 2 ? [] : toEndpointRates(looks[0]!, looks.at(-1)!)),
  }
}

function toPoint(before: Look, now: Look): TrafficPoint {
  const seconds = (now.at - before.at) / 1_000
  const grown = growthOf(before, now)
  const capabilities: Record<string, { monolith: number; service: number }> = {}
  for (const { capability, target, requests } of grown) {
    if (capability === undefined || requests === 0) continue
    capabilities[capability] ??= { monolith: 0, service: 0 }
    capabilities[capability][target] += requests / seconds
  }
  const ofSide = (side: Side) =>
    toRate(
      grown.filter(({ target }) => target === side),
      seconds,
    )
  return { at: now.at, monolith: ofSide('monolith'), service: ofSide('service'), capabilities }
}

function toEndpointRates(before: Look, now: Look): EndpointRate[] {
  const seconds = (now.at - before.at) / 1_000
  return growthOf(before, now).flatMap((row) => {
    if (row.endpoint === undefined || row.requests === 0) return []
    return [{ endpoint: row.endpoint, target: row.target, ...toRate([row], seconds) }]
  })
}

function growthOf(before: Look, now: Look): EndpointTraffic[] {
  return [...now.rows].map(([key, row]) => {
    const old = before.rows.get(key)
    // A proxy that was started anew begins at nothing.
    if (old === undefined || old.requests > row.requests) return row
    return {
      ...row,
      requests: row.requests - old.requests,
      failures: row.failures - old.failures,
      durations: row.durations.map((count, index) => count - (old.durations[index] ?? 0)),
    }
  })
}

function toRate(rows: readonly EndpointTraffic[], seconds: number): SideRate {
  const sum = (read: (row: EndpointTraffic) => number) => rows.reduce((total, row) => total + read(row), 0)
  const requests = sum((row) => row.requests)
  const durations = rows[0]?.durations.map((_, index) => sum((row) => row.durations[index] ?? 0)) ?? []
  return {
    perSecond: round(requests / seconds),
    errorShare: requests === 0 ? null : sum((row) => row.failures) / requests,
    p95Ms: percentile95(durations),
  }
}

/** Within the class in which it lies, in proportion. */
export function percentile95(counts: readonly number[]): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  let left = total * 0.95
  for (const [index, count] of counts.entries()) {
    if (count >= left) {
      const low = index === 0 ? 0 : DURATION_BOUNDS_MS[index - 1]!
      const high = DURATION_BOUNDS_MS[index] ?? low
      return round(low + ((high - low) * left) / count)
    }
    left -= count
  }
  return null
}

const round = (value: number) => Math.round(value * 100) / 100
