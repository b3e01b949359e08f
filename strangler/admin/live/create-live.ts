import type { ReportError, Stoppable } from '../../core/ports.ts'
import type { EndpointTraffic } from '../../core/traffic-words.ts'
import { describeGuide } from '../guide/describe-guide.ts'
import { listRoutes } from '../list-routes.ts'
import { listSyncs } from '../list-syncs.ts'
import type { AdminContext } from '../present-state.ts'
import { listProxies } from '../proxy-commands.ts'
import { askMetrics } from './ask-metrics.ts'
import { createLiveHub, type LiveHub, type LiveTopic } from './live-hub.ts'
import type { LiveTraffic, SideCost } from './live-words.ts'
import { createSideCosts } from './side-costs.ts'
import { createTrafficSeries, type TrafficSeries } from './traffic-series.ts'

const LOOK_MS = 2_000

export interface LiveOptions {
  readonly context: AdminContext
  /** What the proxy of this process has counted; absent where it has none. */
  readonly traffic: (() => readonly EndpointTraffic[]) | undefined
  readonly report: ReportError
}

/** What open dashboards are told of, and the series of the traffic, which is kept also while nobody looks. */
export function createLive({ context, traffic, report }: LiveOptions): LiveHub {
  const series = createTrafficSeries()
  const hub = createLiveHub({
    topics: listTopics(context, {
      series,
      isMeasuredHere: traffic !== undefined,
      costs: createSideCosts({ ...context, traffic: traffic ?? (() => []), ask: askMetrics }),
    }),
    points: series.points,
    clock: context.clock,
    report,
  })
  const looking = traffic === undefined ? undefined : lookAtTraffic({ traffic, series, hub, context })
  return {
    ...hub,
    async stop() {
      await looking?.stop()
      await hub.stop()
    },
  }
}

interface Measured {
  readonly series: TrafficSeries
  readonly isMeasuredHere: boolean
  readonly costs: () => Promise<SideCost[]>
}

function listTopics(context: AdminContext, { series, isMeasuredHere, costs }: Measured): LiveTopic[] {
  return [
    { name: 'routes', everyMs: 1_000, read: () => listRoutes(context) },
    {
      name: 'traffic',
      everyMs: LOOK_MS,
      read: async (): Promise<LiveTraffic> => ({ isMeasuredHere, endpoints: series.endpoints() }),
    },
    { name: 'guide', everyMs: 2_500, read: () => describeGuide(context, {}) },
    { name: 'syncs', everyMs: LOOK_MS, read: () => listSyncs(context) },
    { name: 'costs', everyMs: 5_000, read: costs },
    { name: 'proxies', everyMs: 3_000, read: () => listProxies(context) },
  ]
}

interface TrafficLooks {
  readonly traffic: () => readonly EndpointTraffic[]
  readonly series: TrafficSeries
  readonly hub: LiveHub
  readonly context: AdminContext
}

function lookAtTraffic({ traffic, series, hub, context }: TrafficLooks): Stoppable {
  const look = () => {
    const before = series.points().at(-1)
    series.look(context.clock(), traffic())
    const point = series.points().at(-1)
    if (point !== undefined && point !== before) hub.addPoint(point)
  }
  look()
  const timer = setInterval(look, LOOK_MS)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
    },
  }
}
