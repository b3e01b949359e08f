import type { JournalEntry, JournalEvent, Registration } from './words.ts'

/** Something that was started and can be stopped; stopping twice, or before it started, is fine. */
export interface Stoppable {
  stop(): Promise<void>
}

/** Where an observer's own failure goes: it must never reach what it observes. */
export type ReportError = (operation: string, error: unknown) => void

/** A decision to append, and who takes it. `expectedVersion` is the last version its author has seen. */
export interface JournalAppend {
  readonly event: JournalEvent
  readonly by: string
  readonly because?: string
  readonly expectedVersion: number
}

export interface HistoryOptions {
  readonly limit: number
  readonly beforeVersion?: number
  /** Any of the kind, e.g. `route.set`. */
  readonly kind?: string
  /** Somewhere in its author, its reason, or in what it is about. */
  readonly text?: string
}

/** The append-only list of decisions. */
export interface Journal {
  /** @throws StranglerError STRANGLER_VERSION_CONFLICT when the journal has moved on; its `details.entries` say what changed. */
  append(entry: JournalAppend): Promise<JournalEntry>
  /** Entries with `version > afterVersion`, oldest first, at most `limit` (default 1,000). */
  read(afterVersion: number, limit?: number): Promise<JournalEntry[]>
  /** The newest entries first, for people. */
  history(options: HistoryOptions): Promise<JournalEntry[]>
  /**
   * Calls `onEntries` with every entry after `afterVersion`, in order, without gaps, as they are appended. Survives a lost
   * connection (reconnects, reads what was missed). `onConnection` tells whether the control database is in reach.
   */
  watch(options: {
    afterVersion: number
    onEntries: (entries: JournalEntry[]) => void
    onConnection?: (connected: boolean) => void
    /** Lines that were told have others in their place: the journal must be read anew, and is not watched any more. */
    onReplaced?: () => void
  }): Promise<Stoppable>
}

/** The rows by which a cut-over knows which proxies and workers exist. Only a clean stop or an eviction removes one. */
export interface Registrations {
  /** Without `worker` it is a proxy. */
  register(who: {
    id?: string
    host: string
    pid: number
    worker?: { readonly capability: string; readonly leaseMs: number }
  }): Promise<Registration>
  /** False when the row is gone: evicted. */
  report(
    id: string,
    progress: { tableVersion: number; holdsAcknowledged: readonly string[] },
  ): Promise<boolean>
  remove(id: string): Promise<void>
  list(): Promise<Registration[]>
  /** The clock that dates them, epoch ms. Whoever asks it before `list` takes nobody for dead whom he has heard of while he was frozen in between. */
  now(): Promise<number>
}

/** Time, passed in so that tests can turn the clock. Epoch milliseconds. */
export type Clock = () => number
