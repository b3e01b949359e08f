import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createWriteHolds, type HoldAnswer } from '../../strangler/proxy/write-hold.ts'
import { client, HOLD_MS, holdOf, MAX_WAIT_MS, START, startHolds, wait } from './hold-stand.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: START })
})
afterEach(() => {
  vi.useRealTimers()
})

const advance = (ms: number) => vi.advanceTimersByTimeAsync(ms)

describe('a write of a capability that is held', () => {
  it('waits until the hold is gone from the table, and goes then', async () => {
    const started = startHolds()
    started.apply(holdOf('a'))
    const write = wait(started)
    await advance(1_000)
    expect(write.answer).toBeUndefined()
    expect(started.holds.waiting().get('inventory')).toBe(1)
    started.apply()
    await advance(0)
    expect(write.answer).toBe('go')
    expect(started.holds.phaseOf('inventory')).toBeUndefined()
  })

  it('does not wait where another capability is held', async () => {
    const started = startHolds()
    started.apply({ ...holdOf('a'), capability: 'orders' })
    const write = wait(started)
    await advance(0)
    expect(write.answer).toBe('go')
  })

  it('goes to the old owner when the hold expires before its fence', async () => {
    const started = startHolds()
    started.apply(holdOf('a'))
    await advance(1_000)
    const write = wait(started)
    await advance(HOLD_MS - 1_001)
    expect(write.answer).toBeUndefined()
    await advance(1)
    expect(write.answer).toBe('go')
    expect(started.holds.phaseOf('inventory')).toBeUndefined()
  })

  it('goes although the timer of the expiry fires before the clock is there', async () => {
    let behindMs = 1
    const holds = createWriteHolds({
      clock: () => Date.now() - behindMs,
      maxWaiting: 10,
      onAcknowledged: () => undefined,
    })
    holds.apply(new Map([['inventory', holdOf('a', 'holding', START + 1_000)]]))
    let answer: HoldAnswer | undefined
    void holds.wait('inventory', client().waiter, 60_000).then((given) => {
      answer = given
    })
    await advance(1_000)
    // Who came out now would find the hold still standing, and wait again with nothing to wake it.
    expect([answer, holds.phaseOf('inventory')]).toEqual([undefined, 'holding'])
    behindMs = 0
    await advance(1)
    expect([answer, holds.phaseOf('inventory')]).toEqual(['go', undefined])
  })

  it('does not go when a fenced hold expires: it gets its time-out, and so does the next', async () => {
    const started = startHolds()
    started.apply(holdOf('a'))
    const first = wait(started)
    await advance(3_000)
    started.apply(holdOf('a', 'fenced', START + HOLD_MS))
    const second = wait(started)
    await advance(2_000)
    expect([first.answer, second.answer]).toEqual(['timeout', undefined])
    await advance(3_000)
    expect(second.answer).toBe('timeout')
    await advance(600_000)
    expect(started.holds.phaseOf('inventory')).toBe('fenced')
    const late = wait(started)
    started.apply()
    await advance(0)
    expect(late.answer).toBe('go')
  })

  it('waits for no more than its own time', async () => {
    const started = startHolds()
    started.apply(holdOf('a', 'holding', START + 60_000))
    const write = wait(started)
    await advance(MAX_WAIT_MS - 1)
    expect(write.answer).toBeUndefined()
    await advance(1)
    expect(write.answer).toBe('timeout')
    expect(started.holds.waiting().get('inventory')).toBe(0)
  })

  it('is turned away when 1,000 wait already, and let in when one has left', async () => {
    const started = startHolds()
    started.apply(holdOf('a'))
    const leaver = client()
    const first = wait(started, leaver.waiter)
    const others = Array.from({ length: 999 }, () => wait(started))
    const full = wait(started)
    await advance(0)
    expect(full.answer).toBe('full')
    leaver.leave()
    await advance(0)
    expect(first.answer).toBe('gone')
    const next = wait(started)
    started.apply()
    await advance(0)
    expect([next, ...others].every(({ answer }) => answer === 'go')).toBe(true)
  })

  it('leaves no listener behind, whichever way it goes', async () => {
    const started = startHolds()
    const clients = [client(), client(), client()]
    started.apply(holdOf('a', 'fenced'))
    wait(started, clients[0]?.waiter)
    wait(started, clients[1]?.waiter, 10)
    wait(started, clients[2]?.waiter)
    clients[2]?.leave()
    await advance(10)
    started.apply()
    await advance(0)
    expect(clients.map(({ listeners }) => listeners.size)).toEqual([0, 0, 0])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits on when its hold is followed by another at once', async () => {
    const started = startHolds()
    started.apply(holdOf('a'))
    const write = wait(started)
    started.apply(holdOf('b'))
    await advance(0)
    expect(write.answer).toBe('go')
    expect(started.holds.phaseOf('inventory')).toBe('holding')
  })

  it('is sent away when the proxy stops, and no timer is left', async () => {
    const started = startHolds()
    started.apply(holdOf('a'))
    const write = wait(started)
    started.holds.stop()
    started.holds.stop()
    await advance(0)
    expect(write.answer).toBe('timeout')
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the acknowledgement of a hold', () => {
  it('comes at once when no write is in flight', () => {
    const { holds, told, apply } = startHolds()
    apply(holdOf('a'))
    expect(told).toEqual([['a']])
    expect(holds.acknowledged()).toEqual(['a'])
  })

  it('waits for the last write in flight, and a write that ends twice counts once', () => {
    const { holds, told, apply } = startHolds()
    const ends = [holds.begin('inventory'), holds.begin('inventory')]
    apply(holdOf('a'))
    ends[0]?.()
    ends[0]?.()
    expect(told).toEqual([])
    ends[1]?.()
    expect(told).toEqual([['a']])
  })

  it('is not kept up by the writes of another capability', () => {
    const { holds, apply } = startHolds()
    holds.begin('orders')
    apply(holdOf('a'))
    expect(holds.acknowledged()).toEqual(['a'])
  })

  it('is taken back while a call of a parent write is in flight', () => {
    const { holds, told, apply } = startHolds()
    apply(holdOf('a'))
    holds.begin('inventory')()
    expect(told).toEqual([['a'], [], ['a']])
  })

  it('is taken back when the hold has expired: from then on writes go', async () => {
    const { told, apply } = startHolds()
    apply(holdOf('a'))
    await advance(HOLD_MS)
    expect(told).toEqual([['a'], []])
  })

  it('stands after the expiry of a fenced hold', async () => {
    const { holds, apply } = startHolds()
    apply(holdOf('a', 'fenced'))
    await advance(10 * HOLD_MS)
    expect(holds.acknowledged()).toEqual(['a'])
  })
})
