import type { EndpointTraffic } from '../core/traffic-words.ts'

/** What several proxies have counted, as if they were one. */
export function joinTraffic(readings: readonly (readonly EndpointTraffic[])[]): EndpointTraffic[] {
  const rows = new Map<string, EndpointTraffic>()
  for (const row of readings.flat()) {
    const key = `${row.target} ${row.endpoint}`
    const present = rows.get(key)
    rows.set(key, present === undefined ? row : addUp(present, row))
  }
  return [...rows.values()]
}

function addUp(one: EndpointTraffic, other: EndpointTraffic): EndpointTraffic {
  return {
    ...one,
    requests: one.requests + other.requests,
    failures: one.failures + other.failures,
    durations: one.durations.map((count, index) => count + (other.durations[index] ?? 0)),
  }
}
