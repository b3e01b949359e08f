import type { SideRate } from '../../admin/live/live-words.ts'
import { live, points } from '../api/live.ts'
import { formatMs, formatRate, formatShare } from '../parts/format.ts'
import { Waiting } from '../parts/heard-block.tsx'
import { Plot } from '../parts/plot.tsx'

const SIDES = [
  { side: 'monolith', token: 'monolith', isDashed: true },
  { side: 'service', token: 'service', isDashed: false },
] as const

/** Requests, errors and slowness of both sides over the last quarter of an hour. */
export function TrafficPlots() {
  const isTold = live.traffic.value.data?.isMeasuredHere === false
  const seen = points.value
  const times = seen.map(({ at }) => at / 1_000)
  const linesOf = (read: (rate: SideRate) => number | null) =>
    SIDES.map(({ side, token, isDashed }) => ({
      ...{ label: side, token, isDashed },
      values: seen.map((point) => read(point[side])),
    }))
  return (
    <section class="panel" aria-labelledby="traffic-title">
      <h2 id="traffic-title">Traffic of both sides</h2>
      {isTold && (
        <p class="quiet small">
          Of all proxies, as they tell the control database: what a capability names, without times. Those are
          at <code>/metrics</code> of each proxy.
        </p>
      )}
      {seen.length === 0 && <Waiting for="the first figures" />}
      {seen.length > 0 && (
        <div class="plots">
          <Plot
            title="Requests / s"
            times={times}
            lines={linesOf((rate) => rate.perSecond)}
            format={formatRate}
            measure={{ unit: '' }}
          />
          <Plot
            title="Errors"
            times={times}
            lines={linesOf((rate) => rate.errorShare)}
            format={(share) => formatShare(share)}
            measure={{ unit: ' %', scale: 100 }}
            highest={0.01}
          />
          {!isTold && (
            <Plot
              title="p95"
              times={times}
              lines={linesOf((rate) => rate.p95Ms)}
              format={(ms) => formatMs(ms)}
              measure={{ unit: ' ms' }}
            />
          )}
        </div>
      )}
    </section>
  )
}
