import { describe, expect, it } from 'vitest'
import { createChangeRate } from '../../strangler/sync/change-rate.ts'

describe('the rate of changes', () => {
  const open = () => {
    let now = 5_000
    const rate = createChangeRate(() => now)
    return { rate, pass: (ms: number) => (now += ms) }
  }

  it('is of whole seconds: what has just begun says nothing yet', () => {
    const { rate, pass } = open()
    rate.add(40)
    expect(rate.perSecond()).toBe(0)
    pass(1_000)
    expect(rate.perSecond()).toBe(40)
    rate.add(1_000)
    expect(rate.perSecond()).toBe(40)
  })

  it('is the mean of ten seconds, and of nothing older', () => {
    const { rate, pass } = open()
    for (let second = 0; second < 25; second += 1) {
      rate.add(second < 15 ? 100 : 10)
      pass(1_000)
    }
    expect(rate.perSecond()).toBe(10)
    pass(5_000)
    expect(rate.perSecond()).toBe(5)
    pass(60_000)
    expect(rate.perSecond()).toBe(0)
  })

  it('adds up what comes in one second, at the edge of a second too', () => {
    const { rate, pass } = open()
    pass(999)
    rate.add(1)
    pass(1)
    rate.add(2)
    rate.add(3)
    pass(999)
    expect(rate.perSecond()).toBe(1)
    pass(1)
    expect(rate.perSecond()).toBe(3)
  })
})
