/** So much at once, and so much more with every second that passes. */
export function createAllowance(
  { most, perSecond }: { readonly most: number; readonly perSecond: number },
  now: () => number,
): { take(count: number): boolean } {
  let left = most
  let at = now()
  return {
    take(count) {
      const present = now()
      left = Math.min(most, left + ((present - at) / 1_000) * perSecond)
      at = present
      if (left < count) return false
      left -= count
      return true
    },
  }
}
