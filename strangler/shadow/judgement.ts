import type { CapturedExchange } from '../core/captured-exchange.ts'
import type { AnswerComparison, CapturedAnswer, Difference, SkipReason } from '../core/compare-words.ts'
import type { Side } from '../core/words.ts'
import type { Calibration } from './calibration.ts'
import type { CopyWatch } from './copy-watch.ts'

/** An answer, and whose it is: each side has ids of its own. */
export interface SideAnswer extends CapturedAnswer {
  readonly side: Side
}

export type SideAsked =
  | { readonly kind: 'answered'; readonly answer: SideAnswer }
  | { readonly kind: 'skipped'; readonly reason: SkipReason }

/** Two answers to one request; the first is what the second is measured by. */
export type AnswerPair = readonly [SideAnswer, SideAnswer]

export interface JudgeParts {
  readonly ask: (side: Side, exchange: CapturedExchange) => Promise<SideAsked>
  readonly compare: (pair: AnswerPair, exchange: CapturedExchange) => Promise<AnswerComparison>
  readonly calibration: Calibration
  /** Whether a difference may be the monolith's noise, as far as the rules say. */
  readonly mayBeNoise: (exchange: CapturedExchange, difference: Difference) => boolean
  readonly copies: CopyWatch
  /** Whose database takes the writes of a capability. */
  readonly ownerOf: (capability: string) => Side
}

/** What became of one exchange, before accepted differences are looked at. */
export interface Judgement {
  readonly verdict: 'same' | 'different' | 'lag' | 'skipped'
  readonly skipped?: SkipReason
  readonly shadow?: CapturedAnswer
  readonly differences: readonly Difference[]
  /** Differences that a bound has cut off. */
  readonly more?: number
  /** How the monolith differed from itself; absent when it was not asked once more. */
  readonly noise?: readonly Difference[]
  /** How long the monolith took when it was asked once more, in the way a shadow is asked. */
  readonly againMs?: number
  readonly lagMs?: number
}

export function skipped(reason: SkipReason): Judgement {
  return { verdict: 'skipped', skipped: reason, differences: [] }
}

export function otherSide(side: Side): Side {
  return side === 'monolith' ? 'service' : 'monolith'
}
