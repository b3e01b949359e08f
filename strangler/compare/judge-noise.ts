/** What calibration has counted at one (endpoint, path, kind). */
export interface NoiseCounts {
  /** Differing exchanges for which the monolith was asked once more. */
  readonly differing: number
  /** Of these, how often the monolith differed from itself at the same path in the same way. */
  readonly noisy: number
}

/** `real`: the sides differ. `noise`: the monolith differs from itself as often. `unknown`: too few to tell; it opens no gate. */
export type NoiseVerdict = 'real' | 'noise' | 'unknown'

const FEWEST = 3
const FEWEST_FOR_GATE = 8
/** Of a thousand noisy places so many are ever called real, however often they are looked at. */
const FALSE_ALARMS = 0.001
/** What noise shows as seldom as this is not taken for noise, and not for real either. */
const IMPLAUSIBLE = 0.01

/**
 * Tells a difference between the sides from the monolith's own noise. Noise makes the monolith's second answer differ in half of
 * the differing exchanges at least (either of the two first answers was the odd one), a bug of the service in none. A report is looked
 * at again and again: real is only what the bet against a fair coin has won by far; what a fair coin would hardly throw is unknown until then.
 */
export function judgeNoise({ differing, noisy }: NoiseCounts): NoiseVerdict {
  if (differing < FEWEST) return 'unknown'
  if (noisy * 2 < differing && logBet(noisy, differing) >= -Math.log(FALSE_ALARMS)) return 'real'
  return noisy > 0 && fairCoinTail(noisy, differing) >= IMPLAUSIBLE ? 'noise' : 'unknown'
}

/** Whether there are enough differing exchanges for a gate to believe the verdict. */
export function canGateRelyOn(counts: NoiseCounts): boolean {
  return counts.differing >= FEWEST_FOR_GATE && judgeNoise(counts) !== 'unknown'
}

const MOST_HIDDEN = 1_000_000

/**
 * How many more exchanges would have to differ here, without the monolith differing from itself, until the place is called real: a bug that
 * makes fewer answers wrong is hidden by what was seen of noise.
 */
export function hiddenByNoise({ differing, noisy }: NoiseCounts): number {
  const isReal = (more: number) => judgeNoise({ differing: differing + more, noisy }) === 'real'
  if (isReal(0) || !isReal(MOST_HIDDEN)) return isReal(0) ? 0 : MOST_HIDDEN
  let [low, high] = [0, MOST_HIDDEN]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (isReal(middle)) high = middle
    else low = middle
  }
  return high
}

/** What the bettor expects of a bug: Beta(1, 10), a head in eleven throws. */
const EXPECTED_TAILS = 10

/**
 * The logarithm of what a bet of one has become that puts its money on few heads: `10 · B(1 + heads, 10 + tails) · 2^throws`. Against a coin
 * with half heads or more it is never expected to grow, so that it ever reaches 1/α has at most the probability α, at whichever throw one
 * looks (Ville 1939; Robbins 1970 on mixtures).
 */
function logBet(heads: number, throws: number): number {
  let log = Math.log(EXPECTED_TAILS) + throws * Math.LN2
  for (let i = 1; i <= heads; i += 1) log += Math.log(i)
  for (let i = 0; i <= heads; i += 1) log -= Math.log(EXPECTED_TAILS + throws - heads + i)
  return log
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
