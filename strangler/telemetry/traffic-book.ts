import type { ExchangeRecord } from '../core/exchange-record.ts'
import type { TrafficBatch, TrafficCount, TrafficLook } from '../core/traffic-words.ts'
import type { RouteState, Side } from '../core/words.ts'

const LAST = 300
const TIMES = 500
/** Endpoints of the configuration, twice, at a few steps: more than so many would be a mistake of ours. */
const MOST_COUNTS = 20_000

/** Counts what passes this proxy, by the step at which its capability stands. */
export interface TrafficBook {
  record(exchange: ExchangeRecord): void
  follow(state: RouteState): void
  /** What was counted since the last call; undefined when nothing was. */
  take(): Omit<TrafficBatch, 'proxy'> | undefined
  /** It could not be kept: it is counted again. */
  putBack(batch: Omit<TrafficBatch, 'proxy'>): void
}

interface Lately {
  entered: number
  failuresInRow: number
  /** The newest last. */
  readonly outcomes: boolean[]
  readonly proxyTimes: number[]
}

export function createTrafficBook(): TrafficBook {
  const counts = new Map<string, { -readonly [K in keyof TrafficCount]: TrafficCount[K] }>()
  const lately = new Map<string, Lately>()
  const touched = new Set<string>()
  let migrations: RouteState['migrations']

  function add({ requests, failures, ...place }: TrafficCount): void {
    const key = `${place.capability} ${place.entered} ${place.target} ${place.endpoint}`
    const present = counts.get(key)
    if (present !== undefined) {
      present.requests += requests
      present.failures += failures
    } else if (counts.size < MOST_COUNTS) counts.set(key, { ...place, requests, failures })
  }

  function latelyOf(capability: string, entered: number): Lately {
    const present = lately.get(capability)
    if (present?.entered === entered) return present
    // What the service did at another step speaks of another build, perhaps.
    const fresh = { entered, failuresInRow: 0, outcomes: [], proxyTimes: present?.proxyTimes ?? [] }
    lately.set(capability, fresh)
    return fresh
  }

  return {
    record(exchange) {
      const { capability, endpoint, tableVersion, proxyMs } = exchange
      if (capability === undefined || endpoint === undefined || exchange.code === 'CLIENT_GONE') return
      const entered = migrations?.[capability]?.version ?? 0
      // Decided before the step was entered, and answered after it.
      if (tableVersion < entered) return
      const { target, failed } = judge(exchange)
      add({ capability, endpoint, entered, target, requests: 1, failures: failed ? 1 : 0 })
      const look = latelyOf(capability, entered)
      touched.add(capability)
      if (proxyMs !== undefined) push(look.proxyTimes, proxyMs, TIMES)
      if (target !== 'service') return
      push(look.outcomes, failed, LAST)
      look.failuresInRow = failed ? look.failuresInRow + 1 : 0
    },
    follow(state) {
      migrations = state.migrations
    },
    take() {
      if (counts.size === 0) return undefined
      const taken = [...counts.values()]
      const looks = [...touched].map((capability) => lookOf(capability, lately.get(capability)))
      counts.clear()
      touched.clear()
      return { counts: taken, looks: looks.filter((look) => look !== undefined) }
    },
    putBack(batch) {
      for (const count of batch.counts) add(count)
      for (const { capability } of batch.looks) touched.add(capability)
    },
  }
}

/** Whom a request speaks of. An answer of the monolith in the service's place is a failure of the service; so is one that was not asked. */
function judge({ target, reason, status, code }: ExchangeRecord): { target: Side; failed: boolean } {
  if (reason === 'FALLBACK' || reason === 'BREAKER_OPEN') return { target: 'service', failed: true }
  return { target, failed: status >= 500 || code?.startsWith('STRANGLER_UPSTREAM_') === true }
}

function lookOf(capability: string, look: Lately | undefined): TrafficLook | undefined {
  if (look === undefined) return undefined
  const { entered, failuresInRow, outcomes, proxyTimes } = look
  return {
    ...{ capability, entered, failuresInRow },
    failuresOfLast300: outcomes.filter(Boolean).length,
    proxyP99Ms: percentile99(proxyTimes),
  }
}

function percentile99(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * 0.99) - 1)]
}

function push<T>(list: T[], value: T, most: number): void {
  list.push(value)
  if (list.length > most) list.shift()
}
