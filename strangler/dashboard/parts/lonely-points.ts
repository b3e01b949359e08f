/**
 * Where a value has no neighbour to be joined with by a line: after a restart the first point, and one between two gaps.
 * @returns indices into `values`
 */
export function findLonely(values: readonly (number | null | undefined)[]): number[] {
  const isThere = (index: number) => values[index] !== null && values[index] !== undefined
  return [...values.keys()].filter((at) => isThere(at) && !isThere(at - 1) && !isThere(at + 1))
}
