import type { ReportError } from '../core/ports.ts'
import type { JournalEntry } from '../core/words.ts'

const READ_LIMIT = 1_000

/** The journal has another line than the one that was handed on last: it is not the journal that was followed. */
export class JournalReplaced extends Error {}

/** Entries after a version, oldest first. */
export type ReadEntries = (afterVersion: number, limit: number) => Promise<JournalEntry[]>

export interface JournalCursorOptions {
  readonly afterVersion: number
  readonly onEntries: (entries: JournalEntry[]) => void
  readonly report: ReportError
}

/** Hands entries on in order, each once, whatever arrives twice, late, or not at all. */
export interface JournalCursor {
  /** The version of the last entry handed on. */
  readonly version: number
  /** Hands the entry on when it is exactly the next. False when entries before it are missing: catch up. */
  offer(entry: JournalEntry): boolean
  /** Reads until nothing is left. Calls while one is under way make that one look again. */
  catchUp(read: ReadEntries): Promise<void>
}

export function createJournalCursor({
  afterVersion,
  onEntries,
  report,
}: JournalCursorOptions): JournalCursor {
  let version = afterVersion
  /** What the last line says; unknown until it was read once. */
  let last: string | undefined
  let running: Promise<void> | undefined
  let again = false

  function deliver(entries: readonly JournalEntry[]): void {
    const fresh = entries.filter((entry) => entry.version > version)
    const gap = fresh.findIndex((entry, index) => entry.version !== version + index + 1)
    if (gap !== -1) throw new Error(`The journal has a gap before version ${fresh[gap]?.version}`)
    if (fresh.length === 0) return
    version += fresh.length
    last = JSON.stringify(fresh.at(-1))
    try {
      onEntries(fresh)
    } catch (error) {
      report('journal.onEntries', error)
    }
  }

  function recognize(entries: readonly JournalEntry[], known: number): void {
    const again = entries.find((entry) => entry.version === known)
    // Where something was handed on during the read, the next one looks.
    if (again === undefined || known !== version) return
    const said = JSON.stringify(again)
    last ??= said
    if (said !== last)
      throw new JournalReplaced(`Line ${known} of the journal is not the one that was read before.`)
  }

  async function readAll(read: ReadEntries): Promise<void> {
    try {
      let full = true
      while (full || again) {
        again = false
        const known = version
        // The last one that is known comes once more: only its content tells whether it is still the same journal.
        const entries = await read(Math.max(0, known - 1), READ_LIMIT)
        recognize(entries, known)
        deliver(entries)
        full = entries.length === READ_LIMIT
      }
    } finally {
      running = undefined
      again = false
    }
  }

  return {
    get version() {
      return version
    },
    offer(entry) {
      if (entry.version > version + 1) return false
      deliver([entry])
      return true
    },
    catchUp(read) {
      again = running !== undefined
      running ??= readAll(read)
      return running
    },
  }
}
