import type { AnswersSeen, SoakClock } from '../core/traffic-words.ts'

const MINUTE_MS = 60_000
/** A night without a request counts; a longer silence says nothing. */
const LONGEST_SILENCE_MS = 720 * MINUTE_MS
/** What is shorter holds the clock; whoever has answered otherwise for longer has begun something else. */
const BEGINS_ANEW_AFTER_MS = 5 * MINUTE_MS
/** An endpoint that nobody asks any more does not hold it for ever. */
const HOLDS_FOR_MS = 1_440 * MINUTE_MS
const MOST_CALLERS = 8

/**
 * How long the service has answered what it was to answer. The clock goes while the newest answer of every endpoint was the service's and some
 * proxy was there to see it: what happened while none ran nobody knows. A short interruption holds it, one of five minutes begins it anew.
 * @param now epoch milliseconds, of one clock for all proxies
 */
export function advanceSoak(clock: SoakClock | undefined, seen: AnswersSeen, now: number): SoakClock {
  const before = holding(clock?.missing ?? {}, now)
  const missing = holding(
    {
      ...without(before, seen.served),
      ...Object.fromEntries(seen.missed.map(({ endpoint }) => [endpoint, now])),
    },
    now,
  )
  const stood = Object.keys(before).length > 0
  const stands = Object.keys(missing).length > 0
  const standsSince = stood ? (clock?.standsSince ?? now) : now
  const isLong = seen.missed.length > 0 && now - standsSince >= BEGINS_ANEW_AFTER_MS
  const sinceHeardMs = clock === undefined ? seen.watchedMs : Math.max(0, now - clock.heardAt)
  const passedMs = Math.min(sinceHeardMs, seen.watchedMs, LONGEST_SILENCE_MS)
  const soakedMs = clock?.soakedMs ?? 0
  const missed = toMissed(clock, seen, now)
  return {
    soakedMs: isLong ? 0 : stood || stands ? soakedMs : soakedMs + Math.round(passedMs),
    heardAt: now,
    missing,
    ...(stands ? { standsSince } : {}),
    ...(missed === undefined ? {} : { missed }),
    callers: toCallers(clock, seen, now),
  }
}

function holding(missing: SoakClock['missing'], now: number): SoakClock['missing'] {
  return Object.fromEntries(Object.entries(missing).filter(([, at]) => now - at < HOLDS_FOR_MS))
}

function without(missing: SoakClock['missing'], served: readonly string[]): SoakClock['missing'] {
  return Object.fromEntries(Object.entries(missing).filter(([endpoint]) => !served.includes(endpoint)))
}

function toMissed(clock: SoakClock | undefined, { missed }: AnswersSeen, now: number): SoakClock['missed'] {
  const newest = missed.at(-1)
  if (newest === undefined) return clock?.missed
  const requests = missed.reduce((sum, one) => sum + one.requests, clock?.missed?.requests ?? 0)
  return { ...newest, requests, at: now }
}

function toCallers(
  clock: SoakClock | undefined,
  { callers }: AnswersSeen,
  now: number,
): SoakClock['callers'] {
  const known = new Map((clock?.callers ?? []).map((one) => [keyOf(one), one]))
  for (const one of callers) {
    const requests = one.requests + (known.get(keyOf(one))?.requests ?? 0)
    known.set(keyOf(one), { ...one, requests, at: now })
  }
  return [...known.values()].sort((one, other) => other.at - one.at).slice(0, MOST_CALLERS)
}

function keyOf({
  endpoint,
  because,
  address,
}: SoakClock['callers'][number] | AnswersSeen['callers'][number]): string {
  return `${endpoint} ${because} ${address}`
}
