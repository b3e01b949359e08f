/** What calibration has counted at one (endpoint, path, kind). */
export interface NoiseCounts {
  /** Differing exchanges for which the monolith was asked once more. */
  readonly differing: number
  /** Of these, how often the monolith differed from itself at the same path in the same way. */
  readonly noisy: number
}

/** `real`: the sides differ. `noise`: the monolith differs from itself as often. `unknown`: too few to tell; never for a gate. */
export type NoiseVerdict = 'real' | 'noise' | 'unknown'

const FEWEST = 3
const FEWEST_FOR_GATE = 8
const ERROR_RATE = 0.01

/**
 * Tells a difference between the sides from the monolith's own noise. Noise makes the monolith's second answer differ in half of
 * the differing exchanges at least (either of the two first answers was the odd one), a bug of the service in none: real is what is
 * improbable (under 1 %) as a throw of a fair coin.
 */
export function judgeNoise({ differing, noisy }: NoiseCounts): NoiseVerdict {
  if (differing < FEWEST) return 'unknown'
  if (fairCoinTail(noisy, differing) < ERROR_RATE) return 'real'
  return noisy === 0 ? 'unknown' : 'noise'
}

/** Whether there are enough differing exchanges for a gate to believe the verdict. */
export function canGateRelyOn(counts: NoiseCounts): boolean {
  return counts.differing >= FEWEST_FOR_GATE && judgeNoise(counts) !== 'unknown'
}

/** P(X ≤ heads) of so many throws of a fair coin; exact, but for what is too small for a double. */
export function fairCoinTail(heads: number, throws: number): number {
  if (heads * 2 >= throws) return heads >= throws ? 1 : 1 - fairCoinTail(throws - heads - 1, throws)
  let logTerm = -throws * Math.LN2
  for (let i = 1; i <= heads; i += 1) logTerm += Math.log((throws - i + 1) / i)
  let term = Math.exp(logTerm)
  let sum = 0
  // Downwards from the largest term: beneath half of the throws each is smaller than the one before it.
  for (let i = heads; i >= 0 && term > sum * 1e-17; i -= 1) {
    sum += term
    term *= i / (throws - i + 1)
  }
  return sum
}
