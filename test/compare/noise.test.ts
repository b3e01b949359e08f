import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  canGateRelyOn,
  fairCoinTail,
  judgeNoise,
  type NoiseCounts,
  type NoiseVerdict,
} from '../../strangler/compare/judge-noise.ts'
import { rateMismatches } from '../../strangler/compare/net-mismatch.ts'
import { countCalibration, differenceKey, planCalibration } from '../../strangler/compare/plan-calibration.ts'
import { shareOf } from '../../strangler/core/wilson-interval.ts'

/** P(X ≤ heads) by whole numbers. */
function exactTail(heads: number, throws: number): number {
  let choose = 1n
  let sum = 0n
  for (let i = 0; i <= heads; i += 1) {
    sum += choose
    choose = (choose * BigInt(throws - i)) / BigInt(i + 1)
  }
  return Number((sum * 10n ** 18n) / 2n ** BigInt(throws)) / 1e18
}

describe('noise and real differences', () => {
  test.each([
    [0, 0, 'unknown'],
    [2, 0, 'unknown'],
    [2, 2, 'unknown'],
    [3, 1, 'noise'],
    [7, 1, 'noise'],
    [11, 0, 'unknown'],
    [12, 0, 'real'],
    [15, 1, 'unknown'],
    [16, 1, 'real'],
    [30, 30, 'noise'],
    [100, 28, 'real'],
    [100, 29, 'unknown'],
    [100, 37, 'unknown'],
    [100, 38, 'noise'],
    [1_000, 464, 'noise'],
    [1_000, 1_000, 'noise'],
  ] as const)(
    'of %i differing exchanges the monolith itself differed in %i: %s',
    (differing, noisy, verdict) => {
      expect(judgeNoise({ differing, noisy })).toBe(verdict)
      if (verdict === 'real') expect(fairCoinTail(noisy, differing)).toBeLessThan(0.001)
    },
  )

  test('a gate believes it from eight differing exchanges on', () => {
    expect(canGateRelyOn({ differing: 7, noisy: 4 })).toBe(false)
    expect(canGateRelyOn({ differing: 8, noisy: 4 })).toBe(true)
    expect(canGateRelyOn({ differing: 8, noisy: 0 })).toBe(false)
    expect(canGateRelyOn({ differing: 12, noisy: 0 })).toBe(true)
  })

  test('the probability is that of whole numbers, to nine digits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (throws, part) => {
          const heads = Math.floor(throws * part)
          expect(fairCoinTail(heads, throws)).toBeCloseTo(exactTail(heads, throws), 9)
        },
      ),
    )
  })

  test('noise that is looked at after every exchange is hardly ever called real, in ten thousand exchanges', () => {
    const places = [0.002, 0.02, 0.5].flatMap((rate) => simulate(300, { rate, rule: judgeNoise }))
    expect(places.filter(({ wasReal }) => wasReal).length).toBeLessThanOrEqual(3)
    expect(places.filter(({ verdict }) => verdict === 'noise').length).toBeGreaterThan(880)
  })

  test('a rule that is right at one look only is wrong in far more places, when they are looked at after every exchange', () => {
    const rule = ({ differing, noisy }: NoiseCounts) =>
      differing >= 3 && fairCoinTail(noisy, differing) < 0.01 ? 'real' : 'noise'
    const places = simulate(300, { rate: 0.5, rule })
    expect(places.filter(({ verdict }) => verdict === 'real').length).toBeLessThanOrEqual(9)
    expect(places.filter(({ wasReal }) => wasReal).length).toBeGreaterThan(12)
  })
})

/**
 * Places of a monolith whose answers are odd at this rate, each compared with itself 10,000 times and judged after each: the throws come
 * from a fixed seed, since what is looked at is the rule, not the luck of this run.
 */
function simulate(
  places: number,
  { rate, rule }: { rate: number; rule: (counts: NoiseCounts) => NoiseVerdict },
): { wasReal: boolean; verdict: NoiseVerdict }[] {
  let state = 42
  const isLucky = (share: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32 < share
  }
  return Array.from({ length: places }, () => {
    const counts = { differing: 0, noisy: 0 }
    let wasReal = false
    for (let exchange = 0; exchange < 10_000; exchange += 1) {
      const monolith = isLucky(rate)
      if (monolith === isLucky(rate)) continue
      // Known to be noisy: only one in twenty is asked again.
      if (counts.noisy >= 30 && !isLucky(0.05)) continue
      counts.differing += 1
      if (monolith !== isLucky(rate)) counts.noisy += 1
      wasReal ||= rule(counts) === 'real'
    }
    return { wasReal, verdict: rule(counts) }
  })
}

describe('the interval of a share', () => {
  test('is Wilson’s', () => {
    // Wilson 1927; the figures are those of R's prop.test(correct = FALSE).
    expect(shareOf(1, 10)).toMatchObject({ share: 0.1 })
    expect(shareOf(1, 10).low).toBeCloseTo(0.01787621, 6)
    expect(shareOf(1, 10).high).toBeCloseTo(0.40415, 6)
    expect(shareOf(0, 1_000)).toMatchObject({ low: 0 })
    expect(shareOf(0, 1_000).high).toBeCloseTo(0.00382675, 6)
    expect(shareOf(5, 5).high).toBe(1)
  })

  test('of nothing says nothing', () => {
    expect(shareOf(0, 0)).toEqual({ count: 0, of: 0, share: Number.NaN, low: 0, high: 1 })
  })
})

describe('whom to calibrate', () => {
  const price = { kind: 'value', path: '$.price' } as const
  const at = { kind: 'value', path: '$.at' } as const
  const ask = (differences: (typeof price | typeof at)[], random: number, calibrated = 0) =>
    planCalibration({
      differences,
      countsOf: (key) => (key === differenceKey(at) ? { differing: 40, noisy: 30 } : undefined),
      calibrated,
      random,
    })

  test('every differing exchange, until its paths are known to be noisy; then one of twenty', () => {
    expect(ask([price], 0.99)).toBeDefined()
    expect(ask([at, price], 0.99)).toBeDefined()
    expect(ask([at], 0.05)).toBeUndefined()
    expect(ask([at], 0.049)).toBeDefined()
  })

  test('one of twenty of those that agree', () => {
    expect(ask([], 0.05)).toBeUndefined()
    expect(ask([], 0.049)).toBeDefined()
  })

  test('in alternating order', () => {
    expect([0, 1, 2].map((calibrated) => ask([price], 0, calibrated))).toEqual([
      'monolith-first',
      'shadow-first',
      'monolith-first',
    ])
  })

  test('counts a difference as noisy when the monolith shows it at the same path in the same way', () => {
    const again = [at, { kind: 'type', path: '$.price' } as const]
    expect(countCalibration([price, at], again)).toEqual(
      new Map([
        ['value $.price', { differing: 1, noisy: 0 }],
        ['value $.at', { differing: 1, noisy: 1 }],
      ]),
    )
  })
})

test('exchanges are rated by the worst of their differences, and the parts add up', () => {
  const rates = rateMismatches({
    compared: 1_000,
    differing: [
      { keys: ['at'], count: 500 },
      { keys: ['at', 'price'], count: 3 },
      { keys: ['at', 'note'], count: 5 },
      { keys: ['note', 'new'], count: 2 },
      { keys: ['new', 'price'], count: 1 },
      // Keys that nobody could keep any more: they count, and nobody answers for them.
      { keys: [], count: 1 },
    ],
    verdictOf: (key) => (({ at: 'noise', price: 'real', note: 'real' }) as const)[key] ?? 'unknown',
    isAccepted: (key) => key === 'note',
  })
  expect(rates).toMatchObject({
    raw: { count: 512 },
    noise: { count: 500 },
    accepted: { count: 5 },
    unknown: { count: 3 },
    net: { count: 4, of: 1_000, share: 0.004 },
  })
})
