import type { JournalEntry } from '../../strangler/core/words.ts'

/** What a watcher was given, and a way to wait for it without sleeping. */
export interface Inbox {
  readonly entries: readonly JournalEntry[]
  versions(): number[]
  receive(entries: readonly JournalEntry[]): void
  until(isDone: (versions: readonly number[]) => boolean): Promise<void>
}

export function createInbox(): Inbox {
  const entries: JournalEntry[] = []
  let onReceive: () => void = () => undefined
  const versions = () => entries.map((entry) => entry.version)
  return {
    entries,
    versions,
    receive(received) {
      entries.push(...received)
      onReceive()
    },
    until(isDone) {
      return new Promise((resolve) => {
        onReceive = () => isDone(versions()) && resolve()
        onReceive()
      })
    },
  }
}
