import { useState } from 'preact/hooks'
import type { ChangeAnswer, HistoryAnswer } from '../../admin/contracts.ts'
import { formatTime } from '../parts/format.ts'
import { GateList } from '../parts/gate-list.tsx'
import { HeardBlock } from '../parts/heard-block.tsx'
import { useAnswer } from '../parts/use-answer.ts'
import { sayEvent, sayReason } from './say-event.ts'

type Entry = HistoryAnswer['entries'][number]

/** One decision; opened, what it has made of the state. */
export function JournalLine({ entry }: { readonly entry: Entry }) {
  const [isOpen, setOpen] = useState(false)
  const { version, at, by, event } = entry
  const said = sayReason(entry)
  return (
    <li class="journal-line">
      <details onToggle={(toggled) => setOpen(toggled.currentTarget.open)}>
        <summary>
          <span class="journal-version">{version}</span>
          <span class="journal-what">
            {sayEvent(event)}
            {said !== undefined && <span class="quiet"> — {said}</span>}
          </span>
          <span class="journal-who quiet small">
            {by} · <time dateTime={at}>{formatTime(at)}</time>
          </span>
        </summary>
        {isOpen && <Change version={version} event={event} />}
      </details>
    </li>
  )
}

function Change({ version, event }: { readonly version: number; readonly event: Entry['event'] }) {
  const { heard } = useAnswer<ChangeAnswer>(`/history/change?version=${version}`)
  return (
    <div class="journal-change">
      <HeardBlock of={heard} what="what it has changed">
        {({ changes }) =>
          changes.length === 0 ? (
            <p class="quiet">It has changed nothing of the state.</p>
          ) : (
            <table class="stacking">
              <thead>
                <tr>
                  <th>Part</th>
                  <th>Before</th>
                  <th>After</th>
                </tr>
              </thead>
              <tbody>
                {changes.map(({ part, of, before, after }) => (
                  <tr key={`${part} ${of}`}>
                    <th scope="row">
                      {part} · {of}
                    </th>
                    <td data-label="Before">
                      <code>{before ?? 'nothing'}</code>
                    </td>
                    <td data-label="After">
                      <code>{after ?? 'nothing'}</code>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </HeardBlock>
      {event.kind === 'stage.entered' && event.gates.length > 0 && (
        <GateList gates={[...event.gates]} withEvidence={true} />
      )}
    </div>
  )
}
