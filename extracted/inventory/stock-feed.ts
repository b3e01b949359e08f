import type { StockChange } from './stock-ledger.ts'

const KEPT = 1_000

export interface FeedEntry {
  readonly id: number
  readonly change: StockChange
}

export type FeedListener = (entry: FeedEntry) => void

/** Stock changes of this process, as they are committed; keeps the last 1,000 for a client that reconnects. */
export interface StockFeed {
  publish(changes: readonly StockChange[]): void
  subscribe(listener: FeedListener): () => void
  since(id: number): readonly FeedEntry[]
}

export function createStockFeed(): StockFeed {
  const listeners = new Set<FeedListener>()
  let kept: FeedEntry[] = []
  let lastId = 0
  return {
    publish(changes) {
      for (const change of changes) {
        const entry = { id: ++lastId, change }
        kept.push(entry)
        for (const listener of listeners) listener(entry)
      }
      if (kept.length > 2 * KEPT) kept = kept.slice(-KEPT)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    since: (id) => kept.filter((entry) => entry.id > id).slice(-KEPT),
  }
}
