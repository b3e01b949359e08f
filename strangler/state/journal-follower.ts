import { setTimeout as delay } from 'node:timers/promises'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { JournalEntry } from '../core/words.ts'
import type { ControlDatabase } from './control-database.ts'
import type { ControlLink } from './control-link.ts'

/** How long a start waits for the control database before it goes on from the copy on disk. */
const FIRST_CONNECT_MS = 8_000
const HEARTBEAT_MS = 2_000
const RETRY_MS = 1_000

/** `replaced`: what was followed before is not what the journal says now. */
export type FollowReason = 'start' | 'replaced'

export interface FollowerOptions {
  readonly link: ControlLink
  readonly signal: AbortSignal
  /** Reads what there is, once the control database is in reach; the version after which entries are to follow. */
  readonly begin: (database: ControlDatabase, why: FollowReason) => Promise<number>
  readonly onEntries: (entries: JournalEntry[]) => void
  readonly onConnection: (connected: boolean) => void
  /** Every two seconds while the journal is followed, and once at its begin. */
  readonly onBeat: () => void
  readonly report: ReportError
}

/** The journal, followed from whenever the control database can be reached. */
export interface JournalFollower extends Stoppable {
  /** True when it is followed; false when that has failed, or the database could not be reached in time: it goes on trying. */
  start(): Promise<boolean>
}

export function createJournalFollower(options: FollowerOptions): JournalFollower {
  const { link, signal, report } = options
  let heartbeat: NodeJS.Timeout | undefined
  let watcher: Stoppable | undefined
  async function end(): Promise<void> {
    clearInterval(heartbeat)
    await watcher?.stop()
  }
  async function follow(database: ControlDatabase, why: FollowReason): Promise<void> {
    const { onEntries, onConnection, onBeat } = options
    clearInterval(heartbeat)
    const afterVersion = await options.begin(database, why)
    const onReplaced = () => void followUntilDone(database, () => undefined, 'replaced')
    watcher = await database.journal.watch({ afterVersion, onEntries, onConnection, onReplaced })
    onBeat()
    heartbeat = setInterval(onBeat, HEARTBEAT_MS)
    if (signal.aborted) await end()
  }
  /** The database may go again between its opening and the journal's end. */
  async function followUntilDone(
    database: ControlDatabase,
    onFailure: () => void,
    why: FollowReason = 'start',
  ): Promise<void> {
    while (!signal.aborted) {
      try {
        return await follow(database, why)
      } catch (error) {
        report('follow the journal', error)
        onFailure()
        // Being stopped is the other way for this pause to end.
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined)
      }
    }
  }
  return {
    async start() {
      const followed = new Promise<boolean>((resolve) => {
        link.whenOpen((database) => {
          void followUntilDone(database, () => resolve(false)).then(() => resolve(true))
        })
      })
      return (await link.connect(FIRST_CONNECT_MS)) && (await followed)
    },
    stop: end,
  }
}
