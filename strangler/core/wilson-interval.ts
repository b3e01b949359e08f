/** A share with its interval, all from 0 to 1. */
export interface Share {
  readonly count: number
  readonly of: number
  /** NaN of nothing. */
  readonly share: number
  readonly low: number
  readonly high: number
}

/** The points of the normal distribution that leave half of the rest on each side. */
const Z = { '95 %': 1.959_963_984_540_054, '99 %': 2.575_829_303_548_901 } as const

/** The one interval method: Wilson's, which is right for small counts and for none at all. Of nothing it is 0 to 1. */
export function shareOf(count: number, of: number, confidence: keyof typeof Z = '95 %'): Share {
  if (of === 0) return { count, of, share: Number.NaN, low: 0, high: 1 }
  const share = count / of
  const z = Z[confidence]
  const z2 = z * z
  const middle = (share + z2 / (2 * of)) / (1 + z2 / of)
  const half = (z / (1 + z2 / of)) * Math.sqrt((share * (1 - share)) / of + z2 / (4 * of * of))
  return {
    count,
    of,
    share,
    low: count === 0 ? 0 : Math.max(0, middle - half),
    high: count === of ? 1 : Math.min(1, middle + half),
  }
}
