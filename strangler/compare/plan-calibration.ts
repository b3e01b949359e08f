import type { Difference } from '../core/compare-words.ts'
import type { NoiseCounts } from './judge-noise.ts'

/** A path is known to be noisy after so many confirmations; then it costs the monolith only a sample. */
const ENOUGH_NOISE = 30
const SAMPLE_RATE = 0.05

/** One place of an endpoint where answers differ in one way: what noise is counted by. */
export function differenceKey({ kind, path }: Pick<Difference, 'kind' | 'path'>): string {
  return `${kind} ${path}`
}

export interface CalibrationQuestion {
  /** What the shadow's answer has shown; none when it agreed. */
  readonly differences: readonly Pick<Difference, 'kind' | 'path'>[]
  readonly countsOf: (key: string) => NoiseCounts | undefined
  /** Calibrations of this endpoint so far. */
  readonly calibrated: number
  /** From 0 up to 1, drawn by the caller. */
  readonly random: number
}

/**
 * Whether the monolith is asked once more, and who is asked first: the order alternates, so that a side that is always asked later
 * does not look newer. Undefined: not this time.
 */
export function planCalibration(
  question: CalibrationQuestion,
): 'monolith-first' | 'shadow-first' | undefined {
  const isNews = question.differences.some(
    (difference) => (question.countsOf(differenceKey(difference))?.noisy ?? 0) < ENOUGH_NOISE,
  )
  if (!isNews && question.random >= SAMPLE_RATE) return undefined
  return question.calibrated % 2 === 0 ? 'monolith-first' : 'shadow-first'
}

/** What one calibration adds to the counts, by key: every difference of the shadow, and whether the monolith shows it by itself. */
export function countCalibration(
  shadow: readonly Pick<Difference, 'kind' | 'path'>[],
  monolithAgain: readonly Pick<Difference, 'kind' | 'path'>[],
): ReadonlyMap<string, NoiseCounts> {
  const noisy = new Set(monolithAgain.map(differenceKey))
  return new Map(
    shadow.map((difference) => {
      const key = differenceKey(difference)
      return [key, { differing: 1, noisy: noisy.has(key) ? 1 : 0 }]
    }),
  )
}
