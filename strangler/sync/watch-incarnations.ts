import type { ReportError, Stoppable } from '../core/ports.ts'
import type { BatchResult } from '../core/sync-words.ts'
import { findLost, type IncarnationOptions, type LostDatabase, renewIncarnations } from './incarnation.ts'
import { later } from './judge-incarnation.ts'
import { createLoop } from './loop.ts'

/** What is restored to a moment between two looks is found by how far its log goes, where the server says so. */
const LOOK_EVERY_MS = 1_000

export interface IncarnationWatch extends Stoppable {
  start(): void
  /** Something has changed in the target: a backup from before it would be an older life. */
  carried(result: BatchResult): void
  hasLost(): LostDatabase | undefined
}

/** Looks every second whether both databases are still what they were; `onLost` is called at every look from then on. */
export function watchIncarnations(
  options: Omit<IncarnationOptions, 'newestAcknowledged'> & { readonly report: ReportError },
  onLost: (lost: LostDatabase) => Promise<void>,
): IncarnationWatch {
  let lost: LostDatabase | undefined
  let hasCarried = false
  let newest: string | undefined
  const watched = { ...options, newestAcknowledged: () => newest }
  const loop = createLoop({
    async work() {
      lost = await findLost(watched)
      if (lost !== undefined) await onLost(lost)
      else if (hasCarried) {
        hasCarried = false
        await renewIncarnations(watched)
      }
      return false
    },
    shortestPauseMs: LOOK_EVERY_MS,
    longestPauseMs: LOOK_EVERY_MS,
    onError: (error) => options.report('sync.incarnation', error),
  })
  return {
    start: loop.start,
    stop: loop.stop,
    carried({ done }) {
      hasCarried = true
      newest = done.reduce((newer, { version }) => later(newer, version), newest)
    },
    hasLost: () => lost,
  }
}
