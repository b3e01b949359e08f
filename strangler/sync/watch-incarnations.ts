import type { StranglerError } from '../core/errors.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { BatchResult } from '../core/sync-words.ts'
import type { SyncOrder } from '../core/words.ts'
import { findForeign } from './claim-database.ts'
import { findLost, type IncarnationOptions, type LostDatabase, renewIncarnations } from './incarnation.ts'
import { later } from './judge-incarnation.ts'
import { createLoop } from './loop.ts'
import { outdatedJournal, readNewestEpoch } from './outdated-journal.ts'

/** What is restored to a moment between two looks is found by how far its log goes, where the server says so. */
const LOOK_EVERY_MS = 1_000

export interface IncarnationWatch extends Stoppable {
  start(): void
  /** Something has changed in the target: a backup from before it would be an older life. */
  carried(result: BatchResult): void
  hasLost(): LostDatabase | undefined
}

interface WatchOptions extends Omit<IncarnationOptions, 'newestAcknowledged'> {
  readonly installation: string
  readonly order: SyncOrder
  readonly report: ReportError
}

/** Each is called at every look from then on. */
interface Alarms {
  readonly onLost: (lost: LostDatabase) => Promise<void>
  /** @param error says whose one of them is now, or which later epoch it knows */
  readonly onForeign: (error: StranglerError) => Promise<void>
}

/** Looks every second whether both databases are still what they were, and still this installation's. */
export function watchIncarnations(options: WatchOptions, { onLost, onForeign }: Alarms): IncarnationWatch {
  const { source, target } = options
  let lost: LostDatabase | undefined
  let hasCarried = false
  let newest: string | undefined
  const watched = { ...options, newestAcknowledged: () => newest }
  const loop = createLoop({
    async work() {
      const foreign = (await findForeign([source, target], options)) ?? (await findOutdated(options))
      if (foreign !== undefined) {
        await onForeign(foreign)
        return false
      }
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

/** A job that waited in the queue since before the databases have forgotten its epoch may have raised it again. */
async function findOutdated({
  capability,
  order,
  source,
  target,
}: WatchOptions): Promise<StranglerError | undefined> {
  const known = await readNewestEpoch([source, target], capability)
  return known > order.epoch ? outdatedJournal({ capability, known, epoch: order.epoch }) : undefined
}
