import type { ReportError, Stoppable } from '../core/ports.ts'
import type { TrafficStore } from '../core/traffic-words.ts'
import type { TrafficBook } from './traffic-book.ts'

const EVERY_MS = 1_000

export interface KeepTrafficOptions {
  readonly book: TrafficBook
  readonly store: Pick<TrafficStore, 'add'>
  /** Host and name: its newest look takes the place of the one before. */
  readonly proxy: string
  readonly report: ReportError
}

/** Brings what was counted into the control database every second, and never makes a request wait for it. */
export function keepTraffic({ book, store, proxy, report }: KeepTrafficOptions): Stoppable {
  let isAway = false
  let flushing = Promise.resolve()

  async function flush(): Promise<void> {
    const batch = book.take()
    if (batch === undefined) return
    try {
      await store.add({ proxy, ...batch })
      isAway = false
    } catch (error) {
      // The same failure every second tells nothing new.
      if (!isAway) report('keep the traffic', error)
      isAway = true
      book.putBack(batch)
    }
  }
  const next = () => {
    flushing = flushing.then(flush)
    return flushing
  }
  const timer = setInterval(next, EVERY_MS)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      await next()
    },
  }
}
