const FIRST_ROWS = 1_000
const FEWEST_ROWS = 50
const MOST_ROWS = 20_000
const CHUNK_TAKES_MS = 500
/** Weight of the newest chunk in the average. */
const WEIGHT = 0.3

/** How many rows a chunk has so that it takes half a second, by a moving average. */
export interface ChunkSize {
  readonly rows: number
  learn(rows: number, tookMs: number): void
}

export function createChunkSize(): ChunkSize {
  let rows = FIRST_ROWS
  let msPerRow: number | undefined
  return {
    get rows() {
      return rows
    },
    learn(read, tookMs) {
      if (read === 0) return
      const newest = Math.max(tookMs, 1) / read
      msPerRow = msPerRow === undefined ? newest : msPerRow + WEIGHT * (newest - msPerRow)
      // Never more than doubled at once: the first chunk may have come out of a cache.
      const wanted = Math.min(rows * 2, Math.round(CHUNK_TAKES_MS / msPerRow))
      rows = Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, wanted))
    },
  }
}
