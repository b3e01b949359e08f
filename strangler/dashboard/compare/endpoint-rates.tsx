import type { ReportAnswer } from '../../admin/compare-contracts.ts'
import { countOf, formatMs, formatShare } from '../parts/format.ts'
import { Nothing } from '../parts/heard-block.tsx'

type Endpoint = ReportAnswer['capabilities'][number]['endpoints'][number]
type Share = Endpoint['coverage']

/** For each endpoint how much was compared, and what of the differences is noise, lag, accepted, or real. */
export function EndpointRates({ endpoints }: { readonly endpoints: readonly Endpoint[] }) {
  return (
    <section class="panel" aria-labelledby="rates-title">
      <h2 id="rates-title">How much agrees</h2>
      {endpoints.length === 0 ? (
        <Nothing title="No exchange was compared in this time" />
      ) : (
        <>
          <p class="quiet small">
            Requests are of one kind when their queries name the same parameters and they are answered with
            the same status; a kind is covered when it was compared three times.
          </p>
          <table class="stacking">
            <thead>
              <tr>
                <th>Endpoint</th>
                <th class="numeric">Compared</th>
                <th class="numeric">Raw</th>
                <th class="numeric">Noise</th>
                <th class="numeric">Lag</th>
                <th class="numeric">Accepted</th>
                <th class="numeric">Net mismatch</th>
                <th class="numeric">p95, monolith · service</th>
              </tr>
            </thead>
            <tbody>
              {endpoints.map((one) => (
                <Rates key={one.endpoint} of={one} />
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  )
}

function Rates({ of }: { readonly of: Endpoint }) {
  const { endpoint, coverage, gaveWay, rates, lag, latency, skipped, shapes } = of
  const why = Object.entries(skipped).map(([reason, count]) => `${count} ${reason}`)
  const net = rates.net.count > 0 ? 'bad' : rates.unknown.count > 0 ? 'unsure' : 'good'
  return (
    <tr>
      <th scope="row" class="endpoint">
        <code>{endpoint}</code>
        <span class="quiet small">
          {countOf(shapes.seen, 'kind')} of requests, {formatShare(shapes.covered.share, 0)} of them covered
          {why.length === 0 ? '' : ` · skipped: ${why.join(', ')}`}
        </span>
      </th>
      <td data-label="Compared" class="numeric">
        {formatShare(coverage.share)}
        <span class="quiet small block">{coverage.of} eligible</span>
        {gaveWay > 0 && (
          <span
            class="quiet small block"
            title="Left out by lot while clients had to wait for processors. Those that were compared stand for them."
          >
            {gaveWay} more gave way
          </span>
        )}
      </td>
      <Rate label="Raw" share={rates.raw} />
      <Rate label="Noise" share={rates.noise} />
      <td data-label="Lag" class="numeric">
        {lag}
      </td>
      <Rate label="Accepted" share={rates.accepted} />
      <td data-label="Net mismatch" class="numeric">
        <span class={`pill ${net}`}>{formatShare(rates.net.share, 2)}</span>
        <span class="quiet small block">
          {formatShare(rates.net.low, 2)} – {formatShare(rates.net.high, 2)}
        </span>
        {rates.unknown.count > 0 && (
          <span class="quiet small block">{rates.unknown.count} not known yet</span>
        )}
      </td>
      <td data-label="p95" class="numeric">
        {formatMs(latency?.monolith.p95Ms)} · {formatMs(latency?.service.p95Ms)}
      </td>
    </tr>
  )
}

function Rate({ label, share }: { readonly label: string; readonly share: Share }) {
  return (
    <td data-label={label} class="numeric">
      {formatShare(share.share, 2)}
      <span class="quiet small block">{share.count}</span>
    </td>
  )
}
