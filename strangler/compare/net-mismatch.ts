import { type Share, shareOf } from '../core/wilson-interval.ts'
import type { NoiseVerdict } from './judge-noise.ts'

/** So many exchanges have differed at exactly these keys (`differenceKey`), and at no other. */
export interface DifferingExchanges {
  readonly keys: readonly string[]
  readonly count: number
}

export interface MismatchQuestion {
  /** Exchanges with a verdict about their answers: all but the skipped ones. */
  readonly compared: number
  readonly differing: readonly DifferingExchanges[]
  readonly verdictOf: (key: string) => NoiseVerdict
  readonly isAccepted: (key: string) => boolean
}

/** Exchanges of an endpoint by what their differences are. The four parts add up to `raw`. */
export interface MismatchRates {
  /** Answers that differ in any way. */
  readonly raw: Share
  /** Nothing but noise. */
  readonly noise: Share
  /** Everything that is not noise is accepted. */
  readonly accepted: Share
  /** A difference of which it is not known yet what it is; no real one. */
  readonly unknown: Share
  /** At least one real difference that nobody answers for. Gates use this one. */
  readonly net: Share
}

/** Raw, noise and net mismatch. Verdicts may change with more evidence, so they are applied to the counts and not counted. */
export function rateMismatches(question: MismatchQuestion): MismatchRates {
  const counts = { raw: 0, noise: 0, accepted: 0, unknown: 0, net: 0 }
  for (const { keys, count } of question.differing) {
    counts.raw += count
    counts[classify(keys, question)] += count
  }
  const share = (count: number) => shareOf(count, question.compared)
  return {
    raw: share(counts.raw),
    noise: share(counts.noise),
    accepted: share(counts.accepted),
    unknown: share(counts.unknown),
    net: share(counts.net),
  }
}

function classify(
  keys: readonly string[],
  { verdictOf, isAccepted }: MismatchQuestion,
): 'noise' | 'accepted' | 'unknown' | 'net' {
  const open = keys.filter((key) => verdictOf(key) !== 'noise')
  if (keys.length > 0 && open.length === 0) return 'noise'
  const unanswered = open.filter((key) => !isAccepted(key))
  if (keys.length > 0 && unanswered.length === 0) return 'accepted'
  return unanswered.some((key) => verdictOf(key) === 'real') ? 'net' : 'unknown'
}
