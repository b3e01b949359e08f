import { differenceKey, planCalibration } from '../compare/plan-calibration.ts'
import type { Difference } from '../core/compare-words.ts'

/**
 * Decides which exchanges the monolith is asked once more for: every differing one, until its places are known to be noisy, and a few
 * of those that agree. Keeps what was confirmed, per endpoint.
 */
export interface Calibration {
  /** Decided before the answers are known; by turns before the shadow is asked and after it. */
  planAgreeing(endpoint: string): 'before' | 'after' | undefined
  wantsDiffering(endpoint: string, differences: readonly Difference[]): boolean
  /** The monolith has differed from itself at these places. */
  noteNoise(endpoint: string, noise: readonly Difference[]): void
  isKnownNoise(endpoint: string, difference: Difference): boolean
  /** A difference to a copy was gone when the copy had everything. `stayed`: it was still there when the copy was asked again at once. */
  noteLate(endpoint: string, difference: Difference, stayed: boolean): void
  /** Differences at this place mostly are gone at once: too soon for a copy that was late. */
  isFleeting(endpoint: string, difference: Difference): boolean
  /** Another build, another configuration: what was known is void. */
  reset(): void
}

/** So many confirmations, and a place counts as known to be noisy. */
const ENOUGH = 30
/** Places beyond it are calibrated every time, which costs requests, not memory. */
const MOST_PLACES = 2_000

/** One may have come just before the copy had the change. */
const FEWEST_LATE = 2

interface Known {
  calibrated: number
  readonly noisy: Map<string, number>
  readonly late: Map<string, { readonly seen: number; readonly stayed: number }>
}

export function createCalibration(random: () => number): Calibration {
  const endpoints = new Map<string, Known>()
  const knownOf = (endpoint: string): Known => {
    const known: Known = endpoints.get(endpoint) ?? { calibrated: 0, noisy: new Map(), late: new Map() }
    endpoints.set(endpoint, known)
    return known
  }
  const plan = (endpoint: string, differences: readonly Difference[]) => {
    const { calibrated, noisy } = knownOf(endpoint)
    const countsOf = (key: string) => ({ differing: calibrated, noisy: noisy.get(key) ?? 0 })
    return planCalibration({ differences, countsOf, calibrated, random: random() })
  }
  return {
    planAgreeing(endpoint) {
      const order = plan(endpoint, [])
      if (order === undefined) return undefined
      knownOf(endpoint).calibrated += 1
      return order === 'monolith-first' ? 'before' : 'after'
    },
    wantsDiffering: (endpoint, differences) => plan(endpoint, differences) !== undefined,
    noteNoise(endpoint, noise) {
      const { noisy } = knownOf(endpoint)
      for (const difference of noise) {
        const key = differenceKey(difference)
        const present = noisy.get(key)
        if (present !== undefined || noisy.size < MOST_PLACES) noisy.set(key, (present ?? 0) + 1)
      }
    },
    isKnownNoise: (endpoint, difference) =>
      (endpoints.get(endpoint)?.noisy.get(differenceKey(difference)) ?? 0) >= ENOUGH,
    noteLate(endpoint, difference, stayed) {
      const { late } = knownOf(endpoint)
      const key = differenceKey(difference)
      const present = late.get(key) ?? { seen: 0, stayed: 0 }
      if (present.seen === 0 && late.size >= MOST_PLACES) return
      late.set(key, { seen: present.seen + 1, stayed: present.stayed + Number(stayed) })
    },
    isFleeting(endpoint, difference) {
      const { seen = 0, stayed = 0 } = knownOf(endpoint).late.get(differenceKey(difference)) ?? {}
      return seen >= FEWEST_LATE && stayed * 2 < seen
    },
    reset: () => endpoints.clear(),
  }
}
