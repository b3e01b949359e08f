import { shareOf } from './wilson-interval.ts'

/** `count` of `of`. */
interface Rate {
  readonly count: number
  readonly of: number
}

/** The difference of two rates with its interval, all from −1 to 1. */
interface RateDifference {
  /** NaN of nothing. */
  readonly difference: number
  readonly low: number
  readonly high: number
}

/**
 * `one - other` with its 99 % interval: Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10), made of Wilson's, so
 * that it is right for small counts too. Of nothing it is −1 to 1.
 */
export function differenceOf(one: Rate, other: Rate): RateDifference {
  if (one.of === 0 || other.of === 0) return { difference: Number.NaN, low: -1, high: 1 }
  const a = shareOf(one.count, one.of, '99 %')
  const b = shareOf(other.count, other.of, '99 %')
  const difference = a.share - b.share
  return {
    difference,
    low: difference - Math.hypot(a.share - a.low, b.high - b.share),
    high: difference + Math.hypot(a.high - a.share, b.share - b.low),
  }
}
