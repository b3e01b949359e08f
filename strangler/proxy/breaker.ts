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
  /** Whether this request may go to the service. A `true` must be followed by one `record` or `release`. */
  admit(): boolean
  record(succeeded: boolean): void
  /** The request ended without a verdict: its client left. */
  release(): void
}

export function createBreaker(
  clock: Clock,
  onState: (state: BreakerState) => void = () => undefined,
): Breaker {
  let state: BreakerState = 'closed'
  let openedAt = 0
  let consecutive = 0
  let probesLeft = 0
  let probesPassed = 0
  const window = new Uint8Array(WINDOW)
  let position = 0
  let failuresInWindow = 0

  const change = (next: BreakerState) => {
    state = next
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

  return {
    get state() {
      return state
    },
    admit() {
      if (state === 'closed') return true
      if (state === 'open') {
        if (clock() - openedAt < OPEN_MS) return false
        probesLeft = PROBES
        probesPassed = 0
        change('probing')
      }
      if (probesLeft === 0) return false
      probesLeft -= 1
      return true
    },
    record(succeeded) {
      if (state === 'closed') recordClosed(succeeded)
      else if (state === 'probing') recordProbe(succeeded)
      // What ends while it is open began before it tripped, and has been counted enough.
    },
    release() {
      if (state === 'probing') probesLeft += 1
    },
  }
}
