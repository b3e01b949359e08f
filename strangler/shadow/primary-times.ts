/** How long the primary takes per endpoint, from its latest answers: a shadow is not waited for much longer. */
export interface PrimaryTimes {
  note(endpoint: string, tookMs: number): void
  /** How long to wait for a shadow of this endpoint, milliseconds. */
  timeoutFor(endpoint: string): number
}

const KEPT = 512
/** Fewer say nothing of a 99th percentile. */
const ENOUGH = 50
/** A side that answers within a millisecond has pauses too; a timeout near its own speed would find slowness that is none. */
const SHORTEST_MS = 1_000

/** @param longestMs the bound of every timeout, and what is waited before enough is known */
export function createPrimaryTimes(longestMs: number): PrimaryTimes {
  const rings = new Map<string, { times: number[]; at: number; timeoutMs: number }>()
  return {
    note(endpoint, tookMs) {
      const ring = rings.get(endpoint) ?? { times: [], at: 0, timeoutMs: longestMs }
      rings.set(endpoint, ring)
      ring.times[ring.at % KEPT] = tookMs
      ring.at += 1
      if (ring.at % ENOUGH !== 0) return
      const sorted = [...ring.times].sort((a, b) => a - b)
      const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? longestMs
      ring.timeoutMs = Math.min(Math.max(2 * p99, SHORTEST_MS), longestMs)
    },
    timeoutFor: (endpoint) => rings.get(endpoint)?.timeoutMs ?? longestMs,
  }
}
