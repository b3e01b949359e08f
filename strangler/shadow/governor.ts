import { GAVE_WAY } from '../core/compare-words.ts'
import { adaptRate, FIRST_RATE } from './adapt-rate.ts'
import type { Skipped } from './create-shadow.ts'
import type { ProcessorWait } from './processor-wait.ts'
import { shareLevel } from './share-level.ts'

/** Lets as much be compared as there are processors for. */
export interface Governor {
  /** Whether this exchange is admitted. One that is not costs next to nothing, and is counted. */
  admits(capability: string, endpoint: string): boolean
  /** What came of exchanges that were admitted: whether they could be compared. */
  note(outcome: { readonly endpoint: string; readonly compared: boolean; readonly count: number }): void
  /** Tells what was not admitted until now. */
  flush(): void
}

export interface GovernorOptions {
  readonly wait: ProcessorWait
  /** Milliseconds that only grow. */
  readonly now: () => number
  readonly random: () => number
  readonly onSkipped: (skipped: Skipped) => void
}

/** Long enough for hundreds of turns of the thread, short enough that nobody notices what was taken meanwhile. */
export const STRETCH_MS = 100
/** Exchanges a second of every endpoint, as long as these are not too many together. */
const LEAST_PER_ENDPOINT = 2
/** So many in a row of which none could be compared: the side hangs, or answers a gigabyte each time. */
const OF_NO_USE = 20

interface EndpointCount {
  readonly capability: string
  readonly endpoint: string
  wanted: number
  admitted: number
  /** In a row, of those that are over. */
  ofNoUse: number
  /** Exchanges a second, lately. */
  rate: number
  /** Which share of its exchanges is admitted, and in one stretch so many at most. */
  share: number
  most: number
}

/**
 * Asked before anything is copied. Exchanges are drawn by lot, so that the compared ones stand for all of their endpoint; whoever is
 * asked for seldom needs no luck. Where nothing could be compared for a while only a few are tried.
 */
export function createGovernor({ wait, now, random, onSkipped }: GovernorOptions): Governor {
  const endpoints = new Map<string, EndpointCount>()
  let rate = FIRST_RATE
  let begunAt = 0
  /** Of all endpoints together, in this stretch. */
  let admittedNow = 0
  let timer: NodeJS.Timeout | undefined

  function begin(): void {
    begunAt = now()
    wait.take()
    timer = setTimeout(end, STRETCH_MS).unref()
  }
  function end(): void {
    timer = undefined
    const seconds = Math.max(1, now() - begunAt) / 1_000
    const counts = [...endpoints.values()]
    const sum = (pick: (one: EndpointCount) => number) => counts.reduce((all, one) => all + pick(one), 0)
    const [wanted, admitted] = [sum((one) => one.wanted), sum((one) => one.admitted)]
    rate = adaptRate(rate, { admitted: admitted / seconds, wasShort: admitted < wanted, waited: wait.take() })
    for (const one of counts) one.rate = (one.rate + one.wanted / seconds) / 2
    flush()
    shareOut(counts, rate)
    // Nothing is watched until the next exchange comes.
    if (wanted > 0) begin()
  }
  function flush(): void {
    admittedNow = 0
    for (const one of endpoints.values()) {
      const { capability, endpoint } = one
      const count = one.wanted - one.admitted
      one.wanted = 0
      one.admitted = 0
      if (count > 0) onSkipped({ capability, endpoint, reason: GAVE_WAY, count })
    }
  }
  function addEndpoint(capability: string, endpoint: string): EndpointCount {
    const most = mostInStretch(rate)
    const made = { capability, endpoint, wanted: 0, admitted: 0, ofNoUse: 0, rate: 0, share: 1, most }
    endpoints.set(endpoint, made)
    return made
  }

  return {
    admits(capability, endpoint) {
      if (timer === undefined) begin()
      const one = endpoints.get(endpoint) ?? addEndpoint(capability, endpoint)
      one.wanted += 1
      if (one.admitted >= one.most || (one.share < 1 && random() >= one.share)) return false
      // Many endpoints that all begin at once are too many together; the first of each is still let in.
      if (one.admitted > 0 && admittedNow >= mostInStretch(rate)) return false
      one.admitted += 1
      admittedNow += 1
      return true
    },
    note({ endpoint, compared, count }) {
      const one = endpoints.get(endpoint)
      if (one !== undefined) one.ofNoUse = compared ? 0 : one.ofNoUse + count
    },
    flush,
  }
}

function shareOut(counts: readonly EndpointCount[], rate: number): void {
  const wanted = counts.map((one) => Math.min(one.rate, limitOf(one)))
  const level = Math.max(shareLevel(wanted, rate), Math.min(LEAST_PER_ENDPOINT, rate / counts.length))
  for (const one of counts) {
    const own = Math.min(level, limitOf(one))
    one.share = one.rate > own ? own / one.rate : 1
    one.most = mostInStretch(own)
  }
}

function limitOf({ ofNoUse }: EndpointCount): number {
  return ofNoUse >= OF_NO_USE ? LEAST_PER_ENDPOINT : Number.POSITIVE_INFINITY
}

/** Twice its part: one that is suddenly asked for ten times as often still has the lot of the stretch before. */
function mostInStretch(level: number): number {
  return Math.max(1, Math.ceil((2 * level * STRETCH_MS) / 1_000))
}
