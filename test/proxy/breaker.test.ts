import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Breaker, type BreakerState, createBreaker } from '../../strangler/proxy/breaker.ts'

const OPEN_MS = 30_000

function startBreaker() {
  let now = 1_000_000
  const states: BreakerState[] = []
  const breaker = createBreaker(
    () => now,
    (state) => states.push(state),
  )
  return {
    breaker,
    states,
    turnClock: (ms: number) => {
      now += ms
    },
  }
}

/** One request from its admission to its verdict. @throws when it was not admitted */
function request(breaker: Breaker, succeeded: boolean): void {
  const round = breaker.admit()
  if (round === undefined) throw new Error(`not admitted while ${breaker.state}`)
  breaker.record(round, succeeded)
}

function requests(breaker: Breaker, verdicts: readonly boolean[]): void {
  for (const succeeded of verdicts) request(breaker, succeeded)
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)

function trip(breaker: Breaker): void {
  requests(breaker, times(5, false))
  expect(breaker.state).toBe('open')
}

describe('a breaker that is closed', () => {
  it('trips on the fifth failure in a row and not before', () => {
    const { breaker } = startBreaker()
    requests(breaker, times(4, false))
    expect(breaker.state).toBe('closed')
    request(breaker, false)
    expect(breaker.state).toBe('open')
    expect(breaker.admit()).toBeUndefined()
  })

  it('counts anew after a success', () => {
    const { breaker } = startBreaker()
    for (let round = 0; round < 5; round++) requests(breaker, [false, false, false, false, true])
    expect(breaker.state).toBe('closed')
  })

  it('trips on the thirtieth failure among the last 300, never in a row', () => {
    const { breaker } = startBreaker()
    for (let count = 0; count < 29; count++) requests(breaker, [...times(9, true), false])
    requests(breaker, times(9, true))
    expect(breaker.state).toBe('closed')
    request(breaker, false)
    expect(breaker.state).toBe('open')
  })

  it('forgets what is more than 300 requests ago', () => {
    const { breaker } = startBreaker()
    // One failure in eleven: 28 in any 300, however long it lasts.
    for (let count = 0; count < 200; count++) requests(breaker, [...times(10, true), false])
    expect(breaker.state).toBe('closed')
  })

  it('takes no verdict from a client that has left', () => {
    const { breaker } = startBreaker()
    for (let count = 0; count < 50; count++) breaker.release(breaker.admit() ?? 0)
    expect(breaker.state).toBe('closed')
  })
})

describe('a breaker that is open', () => {
  it('lets nobody pass for 30 s, then twelve', () => {
    const { breaker, turnClock } = startBreaker()
    trip(breaker)
    turnClock(OPEN_MS - 1)
    expect(breaker.admit()).toBeUndefined()
    turnClock(1)
    const admitted = times(50, undefined).map(() => breaker.admit())
    expect(admitted.filter((round) => round !== undefined)).toHaveLength(12)
    expect(breaker.state).toBe('probing')
  })

  it('does not count what began before it tripped, whatever comes of it', () => {
    const { breaker, turnClock } = startBreaker()
    const early = times(40, undefined).map(() => breaker.admit() ?? 0)
    trip(breaker)
    for (const round of early.slice(0, 20)) breaker.record(round, true)
    turnClock(OPEN_MS)
    request(breaker, true)
    for (const round of early.slice(20, 30)) breaker.record(round, true)
    breaker.record(early[30] ?? 0, false)
    for (const round of early.slice(31)) breaker.release(round)
    expect(breaker.state).toBe('probing')
    expect(times(50, undefined).filter(() => breaker.admit() !== undefined)).toHaveLength(11)
  })
})

describe('a breaker that probes', () => {
  function startProbing() {
    const started = startBreaker()
    trip(started.breaker)
    started.turnClock(OPEN_MS)
    return started
  }

  it('closes after twelve successes and tells each state once', () => {
    const { breaker, states } = startProbing()
    requests(breaker, times(11, true))
    expect(breaker.state).toBe('probing')
    request(breaker, true)
    expect(states).toEqual(['open', 'probing', 'closed'])
  })

  it('opens again for another 30 s on one failure', () => {
    const { breaker, turnClock } = startProbing()
    requests(breaker, [...times(11, true), false])
    expect(breaker.state).toBe('open')
    turnClock(OPEN_MS - 1)
    expect(breaker.admit()).toBeUndefined()
    turnClock(1)
    requests(breaker, times(12, true))
    expect(breaker.state).toBe('closed')
  })

  it('starts with an empty window when it has closed', () => {
    const { breaker } = startProbing()
    requests(breaker, [...times(12, true), ...times(4, false)])
    expect(breaker.state).toBe('closed')
  })

  it('gives the place of a client that left to another', () => {
    const { breaker } = startProbing()
    for (let count = 0; count < 100; count++) breaker.release(breaker.admit() ?? 0)
    requests(breaker, times(12, true))
    expect(breaker.state).toBe('closed')
  })

  it('lets others probe when the twelve last longer than 30 s', () => {
    const { breaker, turnClock } = startProbing()
    const streams = times(12, undefined).map(() => breaker.admit() ?? 0)
    turnClock(OPEN_MS - 1)
    expect(breaker.admit()).toBeUndefined()
    turnClock(1)
    requests(breaker, times(12, true))
    expect(breaker.state).toBe('closed')
    for (const round of streams) breaker.record(round, false)
    expect(breaker.state).toBe('closed')
  })
})

// The same rules, as slowly and plainly as they can be written; `forgetful` is the twin that forgets the window.
class NaiveBreaker {
  state: BreakerState = 'closed'
  #verdicts: boolean[] = []
  #openedAt = 0
  readonly #window: number

  constructor(window = 300) {
    this.#window = window
  }

  mayPass(now: number): boolean {
    if (this.state === 'open' && now - this.#openedAt >= OPEN_MS) {
      this.state = 'probing'
      this.#verdicts = []
    }
    return this.state !== 'open'
  }

  verdict(succeeded: boolean, now: number): void {
    this.#verdicts.push(succeeded)
    if (this.state === 'probing') {
      if (!succeeded) this.#open(now)
      else if (this.#verdicts.length === 12) this.#close()
      return
    }
    const inRow = this.#verdicts.slice(-5)
    const recent = this.#verdicts.slice(-this.#window)
    if (inRow.length === 5 && inRow.every((verdict) => !verdict)) this.#open(now)
    else if (recent.filter((verdict) => !verdict).length >= 30) this.#open(now)
  }

  #open(now: number): void {
    this.state = 'open'
    this.#openedAt = now
    this.#verdicts = []
  }

  #close(): void {
    this.state = 'closed'
    this.#verdicts = []
  }
}

/** A run of requests, one after the other, and pauses between them. */
const runs = fc.array(
  fc.oneof(
    // Between them both ways to trip, and neither.
    {
      weight: 6,
      arbitrary: fc.record({
        count: fc.integer({ min: 1, max: 120 }),
        every: fc.integer({ min: 1, max: 14 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ pauseMs: fc.integer({ min: 0, max: 40_000 }) }) },
  ),
  { maxLength: 30 },
)

type Run = { count: number; every: number } | { pauseMs: number }

/** Where a breaker and its model first differ; undefined when they never do. */
function findDifference(steps: readonly Run[], model: NaiveBreaker): string | undefined {
  const { breaker, turnClock } = startBreaker()
  let now = 0
  for (const step of steps) {
    if ('pauseMs' in step) {
      turnClock(step.pauseMs)
      now += step.pauseMs
      continue
    }
    for (let at = 1; at <= step.count; at++) {
      const round = breaker.admit()
      const mayPass = model.mayPass(now)
      if ((round !== undefined) !== mayPass)
        return `request ${at} of ${JSON.stringify(step)} was admitted by one`
      if (round !== undefined) {
        const succeeded = at % step.every !== 0
        breaker.record(round, succeeded)
        model.verdict(succeeded, now)
      }
      if (breaker.state !== model.state)
        return `${breaker.state} against ${model.state} at ${JSON.stringify(step)}`
    }
  }
  return undefined
}

describe('a breaker beside a naive model of it', () => {
  it('agrees after every request of any run', () => {
    fc.assert(fc.property(runs, (steps) => findDifference(steps, new NaiveBreaker()) === undefined))
  })

  it.each([299, 301])('would not agree with a window of %i', (window) => {
    const found = fc.check(
      fc.property(exactWindow(), (steps) => findDifference(steps, new NaiveBreaker(window)) === undefined),
    )
    expect(found.failed).toBe(true)
  })
})

/** 30 failures whose first and last are 298, 299, 300 or 301 requests apart. */
function exactWindow() {
  return fc
    .integer({ min: 270, max: 273 })
    .map((successes): Run[] => [
      { count: 1, every: 1 },
      { count: successes - 28, every: 1_000 },
      ...times<Run>(28, { count: 2, every: 2 }),
      { count: 1, every: 1 },
    ])
}
