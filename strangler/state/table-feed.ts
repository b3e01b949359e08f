import type { Journal, ReportError, Stoppable } from '../core/ports.ts'
import type { RouteState } from '../core/words.ts'
import { EMPTY_STATE, foldJournal } from '../routing/fold-journal.ts'
import type { ControlLink } from './control-link.ts'
import { createJournalFollower } from './journal-follower.ts'
import { createRegistration } from './registration.ts'
import { DOUBT, describeReplaced, isSameOwnership } from './replaced-journal.ts'
import { createTableCopy, NO_COPY } from './table-copy.ts'

const PAGE = 1_000

export interface TableFeedOptions {
  readonly link: ControlLink
  /** Where the copy on disk is kept. */
  readonly directory: string
  /** Tells the proxies of one directory apart. Without a name this is no proxy: it follows the journal only. */
  readonly name: string | undefined
  readonly host: string
  /** A new state; also called once with the first. */
  readonly onState: (state: RouteState) => void
  readonly onConnection: (connected: boolean) => void
  /** The holds under which this proxy has no write in flight. */
  readonly acknowledged: () => readonly string[]
  readonly report: ReportError
}

/** What a proxy serves by: the fold of the journal, followed live, kept on disk, and registered. */
export interface TableFeed extends Stoppable {
  /** Resolves when there is a state to serve by: the journal's, else the disk's, else the configuration alone. */
  start(): Promise<RouteState>
  /**
   * Whether this proxy may serve a capability that has data: it has seen the journal, or its copy on disk comes from a registration
   * that still stands. Otherwise ownership may have moved while it was away. Nor may it once the journal was replaced by one that has another
   * ownership, a cut-over or a hold in it: until it is started anew.
   */
  isConfirmed(): boolean
  /** Why it may not although it is connected. */
  doubt(): string | undefined
  /** Tells the registration what has changed: the table in use, the holds acknowledged. */
  tellProgress(): void
}

/** Registers first and reads the journal then, so that a hold that is open cannot be missed. */
export function createTableFeed(options: TableFeedOptions): TableFeed {
  const { link, directory, name, host, report } = options
  const stopping = new AbortController()
  const { signal } = stopping
  const copy = name === undefined ? NO_COPY : createTableCopy({ directory, name, report })
  let state: RouteState = EMPTY_STATE
  let confirmed = false
  /** The journal has lost who owns something, and only a person can find that out. */
  let doubted = false
  const take = (next: RouteState) => {
    state = next
    options.onState(state)
  }
  const keep = () =>
    copy.keep(registration.id === undefined ? { state } : { state, registration: registration.id })
  const registration = createRegistration({
    ...{ registrations: link.registrations, host, signal, report },
    // What others are told must be on disk before: a crash would else bring an older table back, which nobody waits for any more.
    async progress() {
      const kept = (await copy.keptVersion()) ?? 0
      if (kept < state.version) return { tableVersion: kept, holdsAcknowledged: [] }
      return { tableVersion: state.version, holdsAcknowledged: options.acknowledged() }
    },
    async onReturned() {
      take(await readOn(link.journal, state))
      await keep()
    },
  })
  const follower = createJournalFollower({
    ...{ link, signal, report },
    async begin(database, why) {
      if (name !== undefined) await registration.register(database.registrations)
      const journal = await readOn(database.journal, EMPTY_STATE)
      if (why === 'replaced') {
        doubted ||= !isSameOwnership(state, journal)
        report('read the journal', describeReplaced({ served: state, journal, doubted }))
      } else if (journal.version < state.version) report('read the journal', shortened(journal, state))
      confirmed = !doubted
      take(journal)
      await keep()
      return state.version
    },
    onEntries(entries) {
      take(foldJournal(state, entries))
      void keep()
      registration.tellProgress()
    },
    onConnection: options.onConnection,
    onBeat: registration.tellProgress,
  })
  return {
    async start() {
      const lastGood = await copy.read()
      if (lastGood?.registration !== undefined) registration.resume(lastGood.registration)
      confirmed = lastGood?.registration !== undefined
      state = lastGood?.state ?? state
      if (await follower.start()) return state
      options.onConnection(false)
      take(state)
      return state
    },
    isConfirmed: () => confirmed,
    doubt: () => (doubted ? DOUBT : undefined),
    tellProgress: registration.tellProgress,
    async stop() {
      stopping.abort()
      await follower.stop()
      await registration.settle()
      // A registration that cannot be removed stays, and its copy on disk with it: a cut-over then waits for this proxy.
      if (confirmed && (await registration.remove())) await keep()
    },
  }
}

function shortened(journal: RouteState, served: RouteState): Error {
  return new Error(
    `It ends at version ${journal.version}, and this proxy has served version ${served.version}`,
  )
}

async function readOn(journal: Journal, from: RouteState): Promise<RouteState> {
  let state = from
  for (;;) {
    const entries = await journal.read(state.version, PAGE)
    state = foldJournal(state, entries)
    if (entries.length < PAGE) return state
  }
}
