import type { Clock } from '../core/ports.ts'

/** `closed` lets all pass, `open` none, `probing` a few. */
export type BreakerState = 'closed' | 'open' | 'probing'

const CONSECUTIVE_FAILURES = 5
const WINDOW = 300
const WINDOW_FAILURES = 30
const OPEN_MS = 30_000
const PROBES = 12

/**
 * The breaker of one capability's service, for reads while the monolith owns the data: there is a lawful other way then. It trips on
 * 5 failures in a row or 30 of the last 300, stays open for 30 s, lets 12 probes pass, and closes when all have succeeded.
 */
export interface Breaker {
  readonly state: BreakerState
  /**
   * Whether this request may go to the service: undefined when not, else the round in which it goes. To be followed by one `record` or
   * `release` of that round; what a request of an earlier round tells is old news, and not counted.
   */
  admit(): number | undefined
  record(round: number, succeeded: boolean): void
  /** The request ended without a verdict: its client left. */
  release(round: number): void
}

export function createBreaker(
  clock: Clock,
  onState: (state: BreakerState) => void = () => undefined,
): Breaker {
  let state: BreakerState = 'closed'
  let round = 1
  let openedAt = 0
  let probingSince = 0
  let consecutive = 0
  let probesLeft = 0
  let probesPassed = 0
  const window = new Uint8Array(WINDOW)
  let position = 0
  let failuresInWindow = 0

  const change = (next: BreakerState) => {
    state = next
    round += 1
    onState(next)
  }
  const trip = () => {
    openedAt = clock()
    consecutive = 0
    window.fill(0)
    failuresInWindow = 0
    change('open')
  }
  const recordClosed = (succeeded: boolean) => {
    const failed = succeeded ? 0 : 1
    failuresInWindow += failed - (window[position] as number)
    window[position] = failed
    position = (position + 1) % WINDOW
    consecutive = succeeded ? 0 : consecutive + 1
    if (consecutive >= CONSECUTIVE_FAILURES || failuresInWindow >= WINDOW_FAILURES) trip()
  }
  const recordProbe = (succeeded: boolean) => {
    if (!succeeded) return trip()
    probesPassed += 1
    if (probesPassed >= PROBES) change('closed')
  }
  const startProbes = () => {
    probingSince = clock()
    probesLeft = PROBES - probesPassed
  }

  return {
    get state() {
      return state
    },
    admit() {
      if (state === 'closed') return round
      if (state === 'open') {
        if (clock() - openedAt < OPEN_MS) return undefined
        probesPassed = 0
        change('probing')
        startProbes()
      }
      // Probes that last, an event stream for one, must not keep the rest of the capability away for as long.
      if (probesLeft === 0 && clock() - probingSince >= OPEN_MS) startProbes()
      if (probesLeft === 0) return undefined
      probesLeft -= 1
      return round
    },
    record(admittedIn, succeeded) {
      if (admittedIn !== round) return
      if (state === 'closed') recordClosed(succeeded)
      else recordProbe(succeeded)
    },
    release(admittedIn) {
      if (state === 'probing' && admittedIn === round) probesLeft += 1
    },
  }
}
