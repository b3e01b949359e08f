import { live } from '../api/live.ts'
import { askFirst } from '../parts/asking.ts'
import { formatRate, formatSetting } from '../parts/format.ts'
import { HeardBlock } from '../parts/heard-block.tsx'
import { isOperator } from '../session/session.ts'

/** The endpoints of a capability; a seldom used one can be marked, so that no step waits for its requests. */
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
                .map(({ endpoint, setting, effect }) => (
                  <tr key={endpoint}>
                    <th scope="row" class="endpoint">
                      <code>{endpoint}</code>
                      <span class="quiet small">{effect}</span>
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
                        onClick={() => markRare(endpoint, version)}
                      >
                        Mark as rare …<span class="visually-hidden"> {endpoint}</span>
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

function markRare(endpoint: string, version: number): void {
  askFirst({
    ...{ title: `Mark ${endpoint} as rare`, confirm: 'Mark it', because: 'required', version },
    does: ['No step waits for its requests any more, until it is to be retired.'],
    back: '`strangler guide` takes the mark back; nothing is lost by it.',
    ...{ path: '/guide/rare', body: { endpoint, rare: true } },
  })
}
