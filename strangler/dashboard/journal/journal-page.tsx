import { useState } from 'preact/hooks'
import type { HistoryAnswer } from '../../admin/contracts.ts'
import { query } from '../api/ask.ts'
import { live } from '../api/live.ts'
import { HeardBlock, Nothing } from '../parts/heard-block.tsx'
import { Pager } from '../parts/pager.tsx'
import { useAnswer } from '../parts/use-answer.ts'
import { place } from '../shell/location.ts'
import { JournalLine } from './journal-line.tsx'
import { KINDS } from './say-event.ts'

const PAGE_LINES = 50

/** Who decided what, when and why. */
export function JournalPage() {
  const [text, setText] = useState(place.value.query.get('text') ?? '')
  const [kind, setKind] = useState('')
  // The cursors of the pages that were turned: the journal only grows, so each of them stays what it is.
  const [cursors, setCursors] = useState<readonly number[]>([])
  const before = cursors.at(-1)
  const newest = live.routes.value.data?.version
  const filter = query({ limit: PAGE_LINES + 1, kind, text: text.trim(), before })
  // The first page is asked anew when the journal has grown.
  const { heard } = useAnswer<HistoryAnswer>(
    `/history${filter}`,
    undefined,
    before === undefined ? newest : 0,
  )
  const choose = (set: (value: string) => void) => (event: { currentTarget: { value: string } }) => {
    set(event.currentTarget.value)
    setCursors([])
  }
  return (
    <>
      <h1>Journal</h1>
      <section class="panel" aria-label="Decisions">
        <div class="controls">
          <label class="field grow">
            <span>Find</span>
            <input
              type="search"
              value={text}
              onInput={choose(setText)}
              placeholder="who, why, an endpoint, a capability"
              maxLength={200}
            />
          </label>
          <label class="field">
            <span>Kind</span>
            <select value={kind} onChange={choose(setKind)}>
              <option value="">all</option>
              {KINDS.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
        </div>
        <HeardBlock of={heard} what="the journal">
          {({ entries }) => (
            <>
              {entries.length === 0 && (
                <Nothing title="No decision is like that">
                  Every toggle, step and cut-over leaves a line here, and lines are never taken out.
                </Nothing>
              )}
              <ol class="journal">
                {entries.slice(0, PAGE_LINES).map((entry) => (
                  <JournalLine key={entry.version} entry={entry} />
                ))}
              </ol>
              <Pager
                what="the journal"
                from={cursors.length * PAGE_LINES + Math.min(1, entries.length)}
                to={cursors.length * PAGE_LINES + Math.min(entries.length, PAGE_LINES)}
                onBack={cursors.length === 0 ? undefined : () => setCursors(cursors.slice(0, -1))}
                onNext={
                  entries.length <= PAGE_LINES
                    ? undefined
                    : () => setCursors([...cursors, entries[PAGE_LINES - 1]?.version ?? 1])
                }
              />
            </>
          )}
        </HeardBlock>
      </section>
    </>
  )
}
