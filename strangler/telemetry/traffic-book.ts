import type { ExchangeRecord } from '../core/exchange-record.ts'
import type { TrafficBatch, TrafficCount, TrafficLook } from '../core/traffic-words.ts'
import type { RouteState } from '../core/words.ts'
import { createAnswersBook } from './answers-book.ts'
import { createNewestValues, type NewestValues } from './newest-values.ts'

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
  readonly entered: number
  /** Something was counted since the last look was taken. */
  isNew: boolean
  failuresInRow: number
  /** 1 for a failure of the service, 0 for an answer. */
  readonly outcomes: NewestValues
  readonly proxyTimes: NewestValues
}

type Count = { -readonly [K in keyof TrafficCount]: TrafficCount[K] }

/** Every request passes here, so what it adds to is found by comparing, and nothing is made or moved for it. */
export function createTrafficBook(now: () => number = () => performance.now()): TrafficBook {
  const counts = createCounts()
  const answers = createAnswersBook(now)
  const lately = new Map<string, Lately>()
  let migrations: RouteState['migrations']

  function latelyOf(capability: string, entered: number): Lately {
    const present = lately.get(capability)
    if (present?.entered === entered) return present
    const fresh: Lately = {
      ...{ entered, isNew: true, failuresInRow: 0 },
      // What the service did at another step speaks of another build, perhaps.
      outcomes: createNewestValues(LAST),
      proxyTimes: present?.proxyTimes ?? createNewestValues(TIMES),
    }
    lately.set(capability, fresh)
    return fresh
  }

  return {
    record(exchange) {
      const { capability, endpoint, tableVersion, proxyMs } = exchange
      if (capability === undefined || endpoint === undefined || exchange.code === 'CLIENT_GONE') return
      const migration = migrations?.[capability]
      const entered = migration?.version ?? 0
      // Decided before the step was entered, and answered after it.
      if (tableVersion < entered) return
      if (migration !== undefined) answers.record(exchange, migration)
      const failed = isFailed(exchange)
      const target = isOfService(exchange) ? 'service' : 'monolith'
      const count = counts.find({ capability, endpoint, entered, target })
      if (count !== undefined) {
        count.requests += 1
        if (failed) count.failures += 1
      }
      const look = latelyOf(capability, entered)
      look.isNew = true
      if (proxyMs !== undefined) look.proxyTimes.add(proxyMs)
      if (target !== 'service') return
      look.outcomes.add(failed ? 1 : 0)
      look.failuresInRow = failed ? look.failuresInRow + 1 : 0
    },
    follow(state) {
      migrations = state.migrations
      answers.follow(migrations ?? {})
    },
    take() {
      const taken = counts.takeAll()
      if (taken.length === 0) return undefined
      const looks: TrafficLook[] = []
      for (const [capability, look] of lately) {
        if (look.isNew) looks.push(lookOf(capability, look))
        look.isNew = false
      }
      return { counts: taken, looks, answers: answers.take() }
    },
    putBack(batch) {
      for (const { requests, failures, ...place } of batch.counts) {
        const count = counts.find(place)
        if (count === undefined) continue
        count.requests += requests
        count.failures += failures
      }
      for (const { capability } of batch.looks) {
        const look = lately.get(capability)
        if (look !== undefined) look.isNew = true
      }
      answers.putBack(batch.answers)
    },
  }
}

type Place = Pick<TrafficCount, 'capability' | 'endpoint' | 'entered' | 'target'>

interface Counts {
  /** The one to add to; undefined when there are too many. */
  find(place: Place): Count | undefined
  takeAll(): Count[]
}

/** An endpoint has few of them: two sides, at one step or two. */
function createCounts(): Counts {
  let byEndpoint = new Map<string, Count[]>()
  let size = 0
  return {
    find({ capability, endpoint, entered, target }) {
      let ofEndpoint = byEndpoint.get(endpoint)
      if (ofEndpoint !== undefined) {
        for (const count of ofEndpoint) {
          const isHere = count.entered === entered && count.target === target
          if (isHere && count.capability === capability) return count
        }
      }
      if (size >= MOST_COUNTS) return undefined
      if (ofEndpoint === undefined) {
        ofEndpoint = []
        byEndpoint.set(endpoint, ofEndpoint)
      }
      const made: Count = { capability, endpoint, entered, target, requests: 0, failures: 0 }
      ofEndpoint.push(made)
      size += 1
      return made
    },
    takeAll() {
      const all = [...byEndpoint.values()].flat()
      byEndpoint = new Map()
      size = 0
      return all
    },
  }
}

/** Whom a request speaks of: an answer of the monolith in the service's place speaks of the service. */
function isOfService({ target, reason }: ExchangeRecord): boolean {
  return target === 'service' || reason === 'FALLBACK' || reason === 'BREAKER_OPEN'
}

/** Where the monolith answered in its place, the service has failed, or was not even asked. */
function isFailed({ reason, status, code }: ExchangeRecord): boolean {
  if (reason === 'FALLBACK' || reason === 'BREAKER_OPEN' || status >= 500) return true
  if (code === 'CLIENT_GAVE_UP') return true
  return code?.startsWith('STRANGLER_UPSTREAM_') === true
}

function lookOf(capability: string, look: Lately): TrafficLook {
  const { entered, failuresInRow, outcomes, proxyTimes } = look
  return {
    ...{ capability, entered, failuresInRow },
    failuresOfLast300: outcomes.values().filter((outcome) => outcome === 1).length,
    proxyP99Ms: percentile99(proxyTimes.values()),
  }
}

function percentile99(values: Float64Array): number | undefined {
  return values.sort()[Math.ceil(values.length * 0.99) - 1]
}
