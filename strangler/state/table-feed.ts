import { setTimeout as delay } from 'node:timers/promises'
import type { Journal, ReportError, Stoppable } from '../core/ports.ts'
import type { JournalEntry, RouteState } from '../core/words.ts'
import { EMPTY_STATE, foldJournal } from '../routing/fold-journal.ts'
import type { ControlDatabase } from './control-database.ts'
import type { ControlLink } from './control-link.ts'
import { readLastGood, writeLastGood } from './last-good-table.ts'

/** How long a start waits for the control database before it goes on from the copy on disk. */
const FIRST_CONNECT_MS = 8_000
const HEARTBEAT_MS = 2_000
const RETRY_MS = 1_000
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
   * that still stands. Otherwise ownership may have moved while it was away.
   */
  isConfirmed(): boolean
  /** Tells the registration what has changed: the table in use, the holds acknowledged. */
  tellProgress(): void
}

/** Registers first and reads the journal then, so that a hold that is open cannot be missed. */
export function createTableFeed(options: TableFeedOptions): TableFeed {
  const { link, directory, name, report } = options
  const stopping = new AbortController()
  const { signal } = stopping
  let state: RouteState = EMPTY_STATE
  let registration: string | undefined
  let confirmed = false
  let heartbeat: NodeJS.Timeout | undefined
  let watcher: Stoppable | undefined
  let telling: Promise<void> | undefined
  let tellAgain = false
  let saving: Promise<void> = Promise.resolve()
  let savedVersion: number | undefined

  async function save(): Promise<void> {
    if (name === undefined) return
    const content = registration === undefined ? { state } : { state, registration }
    saving = writeLastGood(directory, content, { name }).then(
      () => {
        savedVersion = content.state.version
      },
      (error: unknown) => report('keep the table on disk', error),
    )
    return saving
  }
  const take = (next: RouteState) => {
    state = next
    options.onState(state)
  }
  const takeEntries = (entries: JournalEntry[]) => {
    take(foldJournal(state, entries))
    void save()
    tellProgress()
  }
  // One report at a time, and one more when something has changed meanwhile: while the database hangs they must not queue up.
  function tellProgress(): void {
    if (registration === undefined || signal.aborted) return
    tellAgain = true
    telling ??= tellWhileChanged().finally(() => {
      telling = undefined
    })
  }
  async function tellWhileChanged(): Promise<void> {
    while (tellAgain && !signal.aborted) {
      tellAgain = false
      await tell().catch((error: unknown) => report('tell the control database how far this proxy is', error))
    }
  }
  // What others are told must be on disk before: a crash would else bring an older table back, which nobody waits for any more.
  async function tell(): Promise<void> {
    const id = registration
    if (id === undefined) return
    const progress = { tableVersion: state.version, holdsAcknowledged: options.acknowledged() }
    await saving
    const isKept = savedVersion !== undefined && savedVersion >= progress.tableVersion
    const told = isKept ? progress : { tableVersion: savedVersion ?? 0, holdsAcknowledged: [] }
    if (!(await link.registrations.report(id, told))) await registerAgain()
  }
  // An evicted proxy that is alive after all must be waited for again, and nobody has waited for it meanwhile: it looks what it missed.
  async function registerAgain(): Promise<void> {
    if (signal.aborted) return
    registration = (await link.registrations.register({ host: options.host, pid: process.pid })).id
    take(await readOn(link.journal, state))
    await save()
    tellAgain = true
  }
  async function follow(database: ControlDatabase): Promise<void> {
    if (name !== undefined) {
      const wanted = registration === undefined ? {} : { id: registration }
      registration = (
        await database.registrations.register({ ...wanted, host: options.host, pid: process.pid })
      ).id
    }
    const journal = await readOn(database.journal, EMPTY_STATE)
    if (journal.version < state.version) {
      report(
        'read the journal',
        new Error(
          `It ends at version ${journal.version}, and this proxy has served version ${state.version}`,
        ),
      )
    }
    confirmed = true
    take(journal)
    await save()
    watcher = await database.journal.watch({
      afterVersion: state.version,
      onEntries: takeEntries,
      onConnection: options.onConnection,
    })
    tellProgress()
    heartbeat = setInterval(tellProgress, HEARTBEAT_MS)
    if (signal.aborted) await stop()
  }
  /** The database may go again between its opening and the journal's end. */
  async function followUntilDone(database: ControlDatabase, onFailure: () => void): Promise<void> {
    while (!signal.aborted) {
      try {
        return await follow(database)
      } catch (error) {
        report('follow the journal', error)
        onFailure()
        // Being stopped is the other way for this pause to end.
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined)
      }
    }
  }
  async function stop(): Promise<void> {
    stopping.abort()
    clearInterval(heartbeat)
    await watcher?.stop()
    await telling
    const id = registration
    if (id === undefined || !confirmed) return
    // A registration that cannot be removed stays, and its copy on disk with it: a cut-over then waits for this proxy.
    await link.registrations.remove(id).then(
      () => {
        registration = undefined
        return save()
      },
      (error: unknown) => report('remove the registration', error),
    )
  }

  return {
    async start() {
      const lastGood = name === undefined ? undefined : await readLastGood(directory, { name, report })
      if (lastGood !== undefined) {
        registration = lastGood.registration
        confirmed = registration !== undefined
        state = lastGood.state
      }
      const followed = new Promise<boolean>((resolve) => {
        link.whenOpen((database) => {
          void followUntilDone(database, () => resolve(false)).then(() => resolve(true))
        })
      })
      if ((await link.connect(FIRST_CONNECT_MS)) && (await followed)) return state
      options.onConnection(false)
      take(state)
      return state
    },
    isConfirmed: () => confirmed,
    tellProgress,
    stop,
  }
}

async function readOn(journal: Journal, from: RouteState): Promise<RouteState> {
  let state = from
  for (;;) {
    const entries = await journal.read(state.version, PAGE)
    state = foldJournal(state, entries)
    if (entries.length < PAGE) return state
  }
}
