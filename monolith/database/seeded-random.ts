export interface SeededRandom {
  /** An integer in [min, max]. */
  between(min: number, max: number): number
  pick<T>(items: readonly [T, ...T[]]): T
}

/** mulberry32: small, fast, and the same on every machine, so that every copy of the shop gets equal rows. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))
  return { between, pick: (items) => items[between(0, items.length - 1)] ?? items[0] }
}
