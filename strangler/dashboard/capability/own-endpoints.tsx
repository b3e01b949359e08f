import { live } from '../api/live.ts'
import { type Asked, askFirst } from '../parts/asking.ts'
import { formatRate, formatSetting } from '../parts/format.ts'
import { HeardBlock } from '../parts/heard-block.tsx'
import { isOperator } from '../session/session.ts'

/** The endpoints of a capability; a seldom used one can be marked, so that no step waits for its requests, and the mark taken back. */
export function OwnEndpoints({ capability }: { readonly capability: string }) {
  const rates = live.traffic.value.data?.endpoints ?? []
  return (
    <section class="panel" aria-labelledby="endpoints-title">
      <h2 id="endpoints-title">Its endpoints</h2>
      <HeardBlock of={live.routes.value} what="the endpoints">
        {({ routes, version }) => (
          <table class="stacking">
            <thead>
              <tr>
                <th>Endpoint</th>
                <th>Mode</th>
                <th class="numeric">Requests / s</th>
                <th>Seldom used?</th>
              </tr>
            </thead>
            <tbody>
              {routes
                .filter((route) => route.capability === capability)
                .map(({ endpoint, setting, effect, isRare = false }) => (
                  <tr key={endpoint}>
                    <th scope="row" class="endpoint">
                      <code>{endpoint}</code>
                      <span class="quiet small">
                        {effect}
                        {isRare && ' · marked as rare'}
                      </span>
                    </th>
                    <td data-label="Mode">
                      <span class={`mode ${setting.mode}`}>{formatSetting(setting)}</span>
                    </td>
                    <td data-label="Requests / s" class="numeric">
                      {formatRate(sum(rates.filter((one) => one.endpoint === endpoint)))}
                    </td>
                    <td data-label="Seldom used?">
                      <button
                        type="button"
                        class="button small"
                        disabled={!isOperator()}
                        onClick={() => askFirst(isRare ? unmark(endpoint, version) : mark(endpoint, version))}
                      >
                        {isRare ? 'Take the mark back …' : 'Mark as rare …'}
                        <span class="visually-hidden"> {endpoint}</span>
                      </button>
                    </td>
                  </tr>
                ))}
            </tbody>
          </table>
        )}
      </HeardBlock>
    </section>
  )
}

const sum = (rates: readonly { readonly perSecond: number }[]) =>
  rates.reduce((total, { perSecond }) => total + perSecond, 0)

const mark = (endpoint: string, version: number): Asked => ({
  ...{ title: `Mark ${endpoint} as rare`, confirm: 'Mark it', because: 'required', version },
  does: [
    'No step waits for its requests any more: it counts as seen, and needs no comparisons.',
    'What comes of it is compared all the same, and a difference counts.',
  ],
  back: 'The mark can be taken back here at any time; nothing is lost by it.',
  ...{ path: '/guide/rare', body: { endpoint, rare: true } },
})

const unmark = (endpoint: string, version: number): Asked => ({
  ...{ title: `Take back that ${endpoint} is rare`, confirm: 'Take it back', because: 'required', version },
  does: ['The next step waits again until it was seen and compared often enough.'],
  back: 'It can be marked again at any time.',
  ...{ path: '/guide/rare', body: { endpoint, rare: false } },
})
