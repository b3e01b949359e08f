import type { Journal } from '../core/ports.ts'
import type { RouteState } from '../core/words.ts'
import { EMPTY_STATE, foldJournal } from '../routing/fold-journal.ts'

const PAGE = 1_000

interface View {
  readonly state: RouteState
  /** What the last line says that was folded. */
  readonly last: string | undefined
}

const EMPTY: View = { state: EMPTY_STATE, last: undefined }

/** The newest state whenever it is asked for: what this process was told may be old. A journal that was replaced by another is folded anew. */
export function createJournalView(journal: Pick<Journal, 'read'>): () => Promise<RouteState> {
  let view = EMPTY
  return async () => {
    for (;;) {
      const from = view
      const known = from.state.version
      // The last line comes once more: only its content tells whether it is still the same journal.
      const entries = await journal.read(Math.max(0, known - 1), PAGE)
      const again = entries.find(({ version }) => version === known)
      if (known > 0 && (again === undefined || JSON.stringify(again) !== from.last)) {
        if (view === from) view = EMPTY
        continue
      }
      const newest = entries.at(-1)
      if (newest === undefined || newest.version === known) return from.state
      // Several may read at once; whoever was slower must not bring an older state back.
      if (view === from) view = { state: foldJournal(from.state, entries), last: JSON.stringify(newest) }
      if (entries.length < PAGE) return view.state
    }
  }
}
