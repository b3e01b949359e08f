/**
 * The shop never promised an order for some of its lists, and different plans of the database gave different ones. With
 * a few rows in memory it would always be the same, so the sample deals them anew, to be as noisy as the real thing.
 */
export function dealOut<T>(rows: readonly T[], random: () => number): T[] {
  const dealt = [...rows]
  for (let last = dealt.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const row = dealt[last] as T
    dealt[last] = dealt[other] as T
    dealt[other] = row
  }
  return dealt
}
