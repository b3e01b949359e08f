import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Hold } from '../../strangler/core/words.ts'
import type { HoldAnswer } from '../../strangler/proxy/write-hold.ts'
import { client, HOLD_MS, holdOf, MAX_WAIT_MS, START, startHolds, wait } from './hold-stand.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: START })
})
afterEach(() => {
  vi.useRealTimers()
})

/** The same rules, plainly: a list of writes that wait, looked through at every step. */
class NaiveHolds {
  hold: Hold | undefined
  inFlight = 0
  readonly maxWaiting: number
  readonly writes: { since: number; answer: HoldAnswer | undefined }[] = []

  constructor(maxWaiting: number) {
    this.maxWaiting = maxWaiting
  }

  stands(now: number): boolean {
    return this.hold !== undefined && (this.hold.phase === 'fenced' || now < this.hold.expiresAt)
  }

  settle(now: number): void {
    for (const write of this.waiting()) {
      const dueAt = write.since + MAX_WAIT_MS
      const goesAt = this.hold?.phase === 'fenced' ? Number.POSITIVE_INFINITY : (this.hold?.expiresAt ?? 0)
      if (goesAt <= now && goesAt <= dueAt) write.answer = 'go'
      else if (dueAt <= now) write.answer = 'timeout'
    }
  }

  apply(hold: Hold | undefined): void {
    if (hold?.id !== this.hold?.id) for (const write of this.waiting()) write.answer = 'go'
    this.hold = hold
  }

  write(now: number): void {
    const full = this.waiting().length >= this.maxWaiting
    const answer = !this.stands(now) ? 'go' : full ? 'full' : undefined
    this.writes.push({ since: now, answer })
  }

  waiting() {
    return this.writes.filter(({ answer }) => answer === undefined)
  }

  acknowledged(now: number): string[] {
    return this.hold !== undefined && this.stands(now) && this.inFlight === 0 ? [this.hold.id] : []
  }
}

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('write') }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('pause'), ms: fc.integer({ min: 1, max: 6_001 }) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('start', 'fence') }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('release', 'begin', 'end', 'leave') }) },
  ),
  { maxLength: 40, size: 'max' },
)

type Step = { readonly do: string; readonly ms?: number }

/** The real holds and the model, taken through the same steps. */
class Pair {
  readonly started = startHolds(3)
  readonly model: NaiveHolds
  readonly #real: { waiting: ReturnType<typeof wait>; leave: () => void }[] = []
  readonly #ends: (() => void)[] = []
  #ids = 0

  constructor(model: NaiveHolds) {
    this.model = model
  }

  take(step: Step): void {
    const { started, model } = this
    const now = Date.now()
    if (step.do === 'write') this.#write(now)
    // Half a millisecond more, so that it never ends in the very one in which a write's own time does.
    else if (step.do === 'start' && model.hold === undefined)
      this.#apply(holdOf(`hold-${this.#ids++}`, 'holding', now + HOLD_MS + 0.5))
    else if (step.do === 'fence' && model.hold !== undefined && model.stands(now))
      this.#apply({ ...model.hold, phase: 'fenced' })
    else if (step.do === 'release') this.#apply(undefined)
    else if (step.do === 'begin') {
      this.#ends.push(started.holds.begin('inventory'))
      model.inFlight++
    } else if (step.do === 'end' && this.#ends.length > 0) {
      this.#ends.pop()?.()
      model.inFlight--
    } else if (step.do === 'leave') this.#leave()
  }

  compare(): void {
    const { started, model } = this
    model.settle(Date.now())
    expect(this.#real.map(({ waiting }) => waiting.answer)).toEqual(model.writes.map(({ answer }) => answer))
    expect(started.holds.acknowledged()).toEqual(model.acknowledged(Date.now()))
    expect(started.told.at(-1) ?? []).toEqual(model.acknowledged(Date.now()))
  }

  #apply(hold: Hold | undefined): void {
    this.started.apply(hold)
    this.model.apply(hold)
  }

  #write(now: number): void {
    const { waiter, leave } = client()
    this.#real.push({ waiting: wait(this.started, waiter), leave })
    this.model.write(now)
  }

  #leave(): void {
    const at = this.model.writes.findIndex(({ answer }) => answer === undefined)
    const write = this.model.writes[at]
    if (write === undefined) return
    this.#real[at]?.leave()
    write.answer = 'gone'
  }
}

async function compareOverRun(run: readonly Step[], model: NaiveHolds): Promise<void> {
  vi.setSystemTime(START)
  const pair = new Pair(model)
  try {
    for (const step of run) {
      pair.take(step)
      await vi.advanceTimersByTimeAsync(step.ms ?? 0)
      pair.compare()
    }
  } finally {
    pair.started.holds.stop()
    vi.clearAllTimers()
  }
}

/** A model with one rule wrong: the fence does not outlast the hold's time. */
class WithoutFence extends NaiveHolds {
  override stands(now: number): boolean {
    return this.hold !== undefined && now < this.hold.expiresAt
  }
}

/** Another: writes in flight do not keep the acknowledgement up. */
class Hasty extends NaiveHolds {
  override acknowledged(now: number): string[] {
    return this.hold !== undefined && this.stands(now) ? [this.hold.id] : []
  }
}

describe('holds beside a naive model of them', () => {
  it('agree on every write and every acknowledgement after every step', async () => {
    const property = fc.asyncProperty(steps, (run) => compareOverRun(run, new NaiveHolds(3)))
    await fc.assert(property, { numRuns: 150 })
  })

  it.each([
    ['forgets the fence', () => new WithoutFence(3)],
    ['acknowledges too early', () => new Hasty(3)],
  ])('do not agree with one that %s', async (_, wrong) => {
    const property = fc.asyncProperty(steps, (run) => compareOverRun(run, wrong()))
    expect((await fc.check(property, { numRuns: 500, endOnFailure: true })).failed).toBe(true)
  })
})
