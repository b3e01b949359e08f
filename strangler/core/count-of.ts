/**
 * A count with its noun: `1 endpoint`, `2 endpoints`, `1 gate is`, `1,200 rows`.
 * @param many the plural where an s is not all of it
 */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${Math.round(count).toLocaleString('en-US')} ${count === 1 ? one : many}`
}
