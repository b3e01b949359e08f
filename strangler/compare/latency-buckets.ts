/** One step is five percent: a percentile read from the buckets is at most so much off. */
const STEP = Math.log(1.05)
const SHORTEST_MS = 0.01

/** Counted beside the two sides: the monolith, asked once more by the thread that asks the shadow, which may have to wait for its turn. */
export const AGAIN = 'again'

/** The bucket that a duration is counted in. */
export function latencyBucket(ms: number): number {
  return Math.round(Math.log(Math.max(ms, SHORTEST_MS)) / STEP)
}

/** What at most a share of the durations took, milliseconds; undefined of none. */
export function latencyPercentile(counts: ReadonlyMap<number, number>, share: number): number | undefined {
  const buckets = [...counts.entries()].sort(([a], [b]) => a - b)
  const total = buckets.reduce((sum, [, count]) => sum + count, 0)
  let reached = 0
  for (const [bucket, count] of buckets) {
    reached += count
    if (reached >= total * share) return Math.exp(bucket * STEP)
  }
  return undefined
}

/** How many took longer, as exactly as the buckets tell. */
export function countSlower(
  counts: ReadonlyMap<number, number>,
  thanMs: number,
): { count: number; of: number } {
  let [count, of] = [0, 0]
  for (const [bucket, number] of counts) {
    of += number
    if (bucket > latencyBucket(thanMs)) count += number
  }
  return { count, of }
}
