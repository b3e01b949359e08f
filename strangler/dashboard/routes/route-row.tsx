import type { RoutesAnswer } from '../../admin/contracts.ts'
import { live } from '../api/live.ts'
import { NO_REASON } from '../journal/say-event.ts'
import { askFirst } from '../parts/asking.ts'
import { formatMs, formatRate, formatSetting } from '../parts/format.ts'
import { ShareBar } from '../parts/share-bar.tsx'
import { isOperator } from '../session/session.ts'
import { linkTo } from '../shell/location.ts'
import { describeToggle } from './describe-toggle.ts'

export type Route = RoutesAnswer['routes'][number]

const SOURCES = {
  config: 'by the configuration',
  stage: 'by its stage',
  override: 'set by an operator',
} as const

interface RouteRowProps {
  readonly route: Route
  readonly version: number
}

/** One endpoint, with what it carries now and its toggle. */
export function RouteRow({ route, version }: RouteRowProps) {
  const { endpoint, capability, setting, source, override } = route
  const rates = (live.traffic.value.data?.endpoints ?? []).filter((one) => one.endpoint === endpoint)
  const of = (side: 'monolith' | 'service') => rates.find(({ target }) => target === side)
  const [monolith, service] = [of('monolith')?.perSecond ?? 0, of('service')?.perSecond ?? 0]
  return (
    <tr>
      <th scope="row" class="endpoint">
        <code>{endpoint}</code>
        <span class="quiet small">
          {route.effect} · <a href={linkTo('capability', capability)}>{capability}</a> ·{' '}
          <a href={linkTo('journal', undefined, { text: endpoint })}>
            history<span class="visually-hidden"> of {endpoint}</span>
          </a>
        </span>
      </th>
      <td data-label="Mode">
        <span class={`mode ${setting.mode}`}>{formatSetting(setting)}</span>
        <span class="quiet small block">{SOURCES[source]}</span>
        {override !== undefined && (
          <span class="quiet small block">
            {override.by}: {override.because ?? NO_REASON}
          </span>
        )}
      </td>
      <td data-label="Requests / s" class="numeric">
        {formatRate(monolith + service)}
        {monolith + service > 0 && <ShareBar label="" monolith={monolith} service={service} />}
      </td>
      <td data-label="p95 monolith" class="numeric">
        {formatMs(of('monolith')?.p95Ms)}
      </td>
      <td data-label="p95 service" class="numeric">
        {formatMs(of('service')?.p95Ms)}
      </td>
      <td data-label="Send it to">
        <Toggle route={route} version={version} />
      </td>
    </tr>
  )
}

/** Choosing only asks: the select stays where the route is until it has moved. */
function Toggle({ route, version }: RouteRowProps) {
  const { endpoint, setting, override } = route
  return (
    <select
      aria-label={`Send ${endpoint} to`}
      disabled={!isOperator()}
      value={setting.mode}
      onChange={(event) => {
        const { value } = event.currentTarget
        event.currentTarget.value = setting.mode
        askFirst(describeToggle(route, value, version))
      }}
    >
      <option value="monolith">monolith</option>
      <option value="shadow">shadow</option>
      <option value="canary">canary …</option>
      <option value="service">service</option>
      {override !== undefined && <option value="clear">as before the operator</option>}
    </select>
  )
}
