import type { SideCost } from '../../admin/live/live-words.ts'
import { live } from '../api/live.ts'
import { formatBytes, formatRate } from '../parts/format.ts'
import { Nothing } from '../parts/heard-block.tsx'
import { Prose } from '../parts/prose.tsx'

/** What a request costs each side, before the split and after it. */
export function SideCosts() {
  const costs = live.costs.value.data
  if (costs === undefined) return null
  const monolith = costs.find(({ side }) => side === 'monolith')
  return (
    <section class="panel" aria-labelledby="costs-title">
      <h2 id="costs-title">What each side costs</h2>
      {costs.length === 0 ? (
        <Nothing title="No side says what it uses">
          Name the path of its Prometheus metrics in <code>sides.&lt;name&gt;.metrics</code>.
        </Nothing>
      ) : (
        <table class="stacking">
          <thead>
            <tr>
              <th>Side</th>
              <th class="numeric">CPU, cores</th>
              <th class="numeric">Memory</th>
              <th class="numeric">Requests / s</th>
              <th class="numeric">CPU a request</th>
              <th class="numeric">Against the monolith</th>
            </tr>
          </thead>
          <tbody>
            {costs.map((cost) => (
              <Row key={cost.side} cost={cost} monolith={monolith} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function Row({ cost, monolith }: { readonly cost: SideCost; readonly monolith: SideCost | undefined }) {
  const { side, cores, memoryBytes, perSecond, cpuMsPerRequest, calmCpuMsPerRequest, isShadowed, problem } =
    cost
  return (
    <tr>
      <th scope="row">
        {side}
        {problem !== undefined && (
          <span class="quiet small block">
            <Prose text={problem} />
          </span>
        )}
      </th>
      <td data-label="CPU, cores" class="numeric">
        {cores?.toFixed(2) ?? '–'}
      </td>
      <td data-label="Memory" class="numeric">
        {memoryBytes === undefined ? '–' : formatBytes(memoryBytes)}
      </td>
      <td data-label="Requests / s" class="numeric">
        {perSecond === undefined ? '–' : formatRate(perSecond)}
      </td>
      <td data-label="CPU a request" class="numeric">
        {cpuMsPerRequest === undefined ? '–' : `${cpuMsPerRequest.toFixed(1)} ms`}
        {isShadowed === true && cpuMsPerRequest !== undefined && (
          <span class="quiet small block">with the work of shadow requests</span>
        )}
        {isShadowed === true && calmCpuMsPerRequest !== undefined && (
          <span class="quiet small block">{calmCpuMsPerRequest.toFixed(1)} ms without</span>
        )}
      </td>
      <td data-label="Against the monolith" class="numeric">
        <Against
          own={calmCpuMsPerRequest}
          other={side === 'monolith' ? undefined : monolith?.calmCpuMsPerRequest}
        />
      </td>
    </tr>
  )
}

const NOTICED = 0.2

/** Only what was measured without shadow requests can be compared: they cost work and are no requests. */
function Against({ own, other }: { readonly own: number | undefined; readonly other: number | undefined }) {
  if (own === undefined || other === undefined || other === 0) return <>–</>
  const more = own / other - 1
  const tone = more > NOTICED ? 'bad' : more < -NOTICED ? 'good' : ''
  return <span class={`pill ${tone}`}>{`${more > 0 ? '+' : '−'}${Math.abs(more * 100).toFixed(0)} %`}</span>
}
