import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canGateRelyOn, fairCoinTail, judgeNoise } from '../../strangler/compare/judge-noise.ts'
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
    [6, 0, 'unknown'],
    [7, 0, 'real'],
    [7, 1, 'noise'],
    [10, 0, 'real'],
    [10, 1, 'noise'],
    [11, 1, 'real'],
    [30, 30, 'noise'],
    [100, 37, 'real'],
    [100, 38, 'noise'],
    [1_000, 462, 'real'],
    [1_000, 464, 'noise'],
  ] as const)(
    'of %i differing exchanges the monolith itself differed in %i: %s',
    (differing, noisy, verdict) => {
      expect(judgeNoise({ differing, noisy })).toBe(verdict)
      expect(fairCoinTail(noisy, differing) < 0.01).toBe(verdict === 'real')
    },
  )

  test('a gate believes it from eight differing exchanges on', () => {
    expect(canGateRelyOn({ differing: 7, noisy: 0 })).toBe(false)
    expect(canGateRelyOn({ differing: 8, noisy: 0 })).toBe(true)
    expect(canGateRelyOn({ differing: 8, noisy: 5 })).toBe(true)
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

  test('symmetric noise of any rate is called real in one run of fifty at most, a bug always', () => {
    // Throws from a fixed seed: what is judged is the rule, not the luck of this run.
    let state = 42
    const coin = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
      return state / 0x7fffffff < 0.5
    }
    const runs = Array.from({ length: 500 }, () => {
      const noisy = Array.from({ length: 40 }, coin).filter(Boolean).length
      return judgeNoise({ differing: 40, noisy })
    })
    expect(runs.filter((verdict) => verdict === 'real').length).toBeLessThan(10)
    expect(runs.filter((verdict) => verdict === 'noise').length).toBeGreaterThan(490)
    expect(judgeNoise({ differing: 40, noisy: 0 })).toBe('real')
  })
})

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
