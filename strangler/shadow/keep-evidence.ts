import type { ComparisonStore } from '../core/comparison-store.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { EvidenceBook } from './evidence-book.ts'

const EVERY_MS = 1_000

/** Brings what was found into the control database, now and then, and never makes anybody wait for it. */
export interface EvidenceKeeper extends Stoppable {
  /** Now. Resolves when it is kept, or has come back into the book. */
  flush(): Promise<void>
  /** Counters that found no room while the control database was away. */
  readonly dropped: number
}

export function keepEvidence(
  book: EvidenceBook,
  store: Pick<ComparisonStore, 'add'>,
  report: ReportError,
): EvidenceKeeper {
  let dropped = 0
  let isAway = false
  let flushing = Promise.resolve()

  async function flush(): Promise<void> {
    const batch = book.take()
    if (batch === undefined) return
    try {
      await store.add(batch)
      isAway = false
    } catch (error) {
      // The same failure every second tells nothing new.
      if (!isAway) report('keep comparisons', error)
      isAway = true
      dropped += book.putBack(batch)
    }
  }
  const next = () => {
    flushing = flushing.then(flush)
    return flushing
  }
  const timer = setInterval(next, EVERY_MS)
  timer.unref()
  return {
    flush: next,
    get dropped() {
      return dropped
    },
    async stop() {
      clearInterval(timer)
      await next()
    },
  }
}
