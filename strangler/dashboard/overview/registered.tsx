import type { ProxiesAnswer } from '../../admin/contracts.ts'
import { live } from '../api/live.ts'
import { type Asked, askFirst } from '../parts/asking.ts'
import { formatSpan, formatTime } from '../parts/format.ts'
import { HeardBlock, Nothing } from '../parts/heard-block.tsx'
import { isOperator } from '../session/session.ts'

type Registration = ProxiesAnswer['proxies'][number]

/** A living one is heard of every two seconds. */
const SILENT_AFTER_MS = 15_000

/** Everybody whom a hold and a cut-over wait for, and the way to wait no longer for one that is gone. */
export function Registered() {
  return (
    <section class="panel" aria-labelledby="registered-title">
      <h2 id="registered-title">Proxies and workers</h2>
      <HeardBlock of={live.proxies.value} what="the proxies">
        {({ proxies, version }) => {
          if (proxies.length === 0)
            return <Nothing title="Nobody is registered">No proxy runs; a cut-over waits for nobody.</Nothing>
          // By the control database's clock, which dates all of them.
          const newest = Math.max(...proxies.map(({ seenAt }) => Date.parse(seenAt)))
          return (
            <table class="stacking">
              <thead>
                <tr>
                  <th>Who</th>
                  <th>Where</th>
                  <th>Last heard of</th>
                  <th>Route table</th>
                  <th>When it is gone for good</th>
                </tr>
              </thead>
              <tbody>
                {proxies.map((one) => (
                  <Row key={one.id} one={one} version={version} newest={newest} />
                ))}
              </tbody>
            </table>
          )
        }}
      </HeardBlock>
    </section>
  )
}

interface RowProps {
  readonly one: Registration
  readonly version: number
  /** When the newest word of any of them came. */
  readonly newest: number
}

function Row({ one, version, newest }: RowProps) {
  const { id, kind, capability, host, pid, seenAt, tableVersion } = one
  const silentMs = newest - Date.parse(seenAt)
  return (
    <tr>
      <th scope="row" class="endpoint">
        <strong>
          {kind}
          {capability !== undefined && ` of ${capability}`}
        </strong>
        <span class="quiet small block">{id}</span>
      </th>
      <td data-label="Where">
        {host}, process {pid}
      </td>
      <td data-label="Last heard of">
        {formatTime(seenAt)}
        {silentMs > SILENT_AFTER_MS && (
          <>
            {' '}
            <span class="pill bad">silent for {formatSpan(silentMs)}</span>
          </>
        )}
      </td>
      <td data-label="Route table">
        {tableVersion < version ? `${tableVersion} of ${version}` : 'the newest'}
      </td>
      <td data-label="When it is gone">
        <button
          type="button"
          class="button small"
          disabled={!isOperator()}
          onClick={() => askFirst(evict(id, version))}
        >
          Evict …<span class="visually-hidden"> {id}</span>
        </button>
      </td>
    </tr>
  )
}

const evict = (id: string, version: number): Asked => ({
  ...{ title: `Evict ${id}`, confirm: 'Evict it', because: 'required', isDangerous: true, version },
  does: [
    'Its registration is taken away: no hold and no cut-over waits for it any more.',
    'A proxy that is cut off and lives after all serves no capability with data until it has reached the control database again.',
  ],
  back: 'There is nothing to take back: whoever lives registers anew by itself.',
  ...{ path: '/proxies/evict', body: { id } },
})
