import type { ExchangeRecord } from '../core/exchange-record.ts'
import { DURATION_BOUNDS_MS, type EndpointTraffic } from '../core/traffic-words.ts'

/** Endpoints of the configuration, twice: more than so many would be a mistake of ours. */
const MOST_ROWS = 4_000

/** Counts what passes this proxy, for the eyes of people: a few additions a request. */
export interface TrafficMeter {
  record(exchange: ExchangeRecord): void
  read(): EndpointTraffic[]
}

interface Row extends EndpointTraffic {
  requests: number
  failures: number
  readonly durations: number[]
}

export function createTrafficMeter(): TrafficMeter {
  const rows = new Map<string, { monolith?: Row; service?: Row }>()
  let count = 0

  function rowOf({ endpoint, capability, target }: ExchangeRecord): Row | undefined {
    const sides = rows.get(endpoint ?? '')
    const present = sides?.[target]
    if (present !== undefined || count >= MOST_ROWS) return present
    const durations = Array<number>(DURATION_BOUNDS_MS.length + 1).fill(0)
    const made: Row = { endpoint, capability, target, requests: 0, failures: 0, durations }
    rows.set(endpoint ?? '', { ...sides, [target]: made })
    count += 1
    return made
  }

  return {
    record(exchange) {
      if (exchange.code === 'CLIENT_GONE') return
      const row = rowOf(exchange)
      if (row === undefined) return
      row.requests += 1
      if (exchange.status >= 500 || exchange.code === 'CLIENT_GAVE_UP') row.failures += 1
      row.durations[classOf(exchange.durationMs)]! += 1
    },
    read: () => [...rows.values()].flatMap(({ monolith, service }) => copiesOf(monolith, service)),
  }
}

function classOf(durationMs: number): number {
  let index = 0
  while (index < DURATION_BOUNDS_MS.length && durationMs > DURATION_BOUNDS_MS[index]!) index += 1
  return index
}

function copiesOf(...rows: (Row | undefined)[]): EndpointTraffic[] {
  return rows.flatMap((row) => (row === undefined ? [] : [{ ...row, durations: [...row.durations] }]))
}
