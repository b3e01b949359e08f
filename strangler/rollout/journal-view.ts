import type { Journal } from '../core/ports.ts'
import type { RouteState } from '../core/words.ts'
import { EMPTY_STATE, foldJournal } from '../routing/fold-journal.ts'

const PAGE = 1_000

/** The newest state whenever it is asked for: what this process was told may be old. */
export function createJournalView(journal: Pick<Journal, 'read'>): () => Promise<RouteState> {
  let state = EMPTY_STATE
  return async () => {
    for (;;) {
      const entries = await journal.read(state.version, PAGE)
      // Several may read at once; whoever was slower must not bring an older state back.
      const next = foldJournal(state, entries)
      if (next.version >= state.version) state = next
      if (entries.length < PAGE) return state
    }
  }
}
