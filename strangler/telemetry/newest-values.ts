/** The newest so many numbers, kept in place: every request adds one, and few are ever read. */
export interface NewestValues {
  add(value: number): void
  /** All that are kept, in no order. */
  values(): Float64Array
}

export function createNewestValues(most: number): NewestValues {
  const kept = new Float64Array(most)
  let next = 0
  let count = 0
  return {
    add(value) {
      kept[next] = value
      next = next + 1 === most ? 0 : next + 1
      if (count < most) count += 1
    },
    values: () => kept.slice(0, count),
  }
}
