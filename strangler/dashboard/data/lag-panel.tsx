import { lags } from '../api/lag-series.ts'
import { formatMs, formatRate } from '../parts/format.ts'
import { Plot } from '../parts/plot.tsx'
import { Prose } from '../parts/prose.tsx'
import type { Sync } from './data-page.tsx'

interface LagPanelProps {
  readonly capability: string
  readonly now: NonNullable<Sync['live']>
}

/** How far behind the copy is, and what waits. */
export function LagPanel({ capability, now }: LagPanelProps) {
  const seen = lags.value[capability] ?? []
  const { lagMs, entries, inFlight, waiting, p99Ms, appliedPerSecond, queue, throttled } = now
  const facts: readonly (readonly [string, string | number | undefined])[] = [
    ['Lag', formatMs(lagMs)],
    ['Lag, p99', p99Ms === undefined ? undefined : formatMs(p99Ms)],
    ['Changes applied / s', appliedPerSecond === undefined ? undefined : formatRate(appliedPerSecond)],
    ['Changes not there yet', entries],
    ['In flight', inFlight],
    ['Tried again', waiting],
    ['Queued changes', queue?.apply],
    ['Queued copies', queue?.backfill],
  ]
  return (
    <section class="panel" aria-labelledby="lag-title">
      <h2 id="lag-title">Lag and throughput</h2>
      <dl class="facts">
        {facts.map(([name, value]) =>
          value === undefined ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
      {throttled !== undefined && (
        <p class="note unsure">
          It waits: <Prose text={throttled} />
        </p>
      )}
      {now.warnings?.map((warning) => (
        <p key={warning} class="note unsure">
          <Prose text={warning} />
        </p>
      ))}
      {seen.length > 1 && (
        <div class="plots pair">
          <Plot
            title="Lag"
            times={seen.map(({ at }) => at / 1_000)}
            lines={[{ label: 'oldest change', token: 'service', values: seen.map((one) => one.lagMs) }]}
            format={(ms) => formatMs(ms)}
            measure={{ unit: ' ms' }}
            highest={100}
          />
          <Plot
            title="Throughput / s"
            times={seen.map(({ at }) => at / 1_000)}
            lines={[
              { label: 'changes', token: 'service', values: seen.map((one) => one.appliedPerSecond) },
              {
                ...{ label: 'backfill rows', token: 'accent', isDashed: true },
                values: seen.map((one) => one.rowsPerSecond),
              },
            ]}
            format={formatRate}
            measure={{ unit: '' }}
            highest={10}
          />
        </div>
      )}
    </section>
  )
}
