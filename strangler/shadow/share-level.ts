/**
 * The level that shares a total fairly: whoever wants less than it gets all of that, everybody else as much as the level. A rare endpoint
 * is therefore never starved by a busy one (max-min fairness: Bertsekas and Gallager, Data Networks, 6.5.2).
 * @returns Infinity when there is enough for all
 */
export function shareLevel(wanted: readonly number[], total: number): number {
  const rising = wanted.toSorted((one, other) => one - other)
  let left = total
  for (const [index, one] of rising.entries()) {
    const level = left / (rising.length - index)
    if (one > level) return level
    left -= one
  }
  return Number.POSITIVE_INFINITY
}
