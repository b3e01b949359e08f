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
import { readToldTraffic } from './told-traffic.ts'
import { createTrafficSeries, type TrafficSeries } from './traffic-series.ts'

const LOOK_MS = 2_000
/** Proxies tell once a second, each at its own time: between two looks that are closer the figures would jump. */
const TOLD_LOOK_MS = 5_000

export interface LiveOptions {
  readonly context: AdminContext
  /** What the proxy of this process has counted; absent where it has none. */
  readonly traffic: (() => readonly EndpointTraffic[]) | undefined
  readonly report: ReportError
}

/** What open dashboards are told of, and the series of the traffic, which is kept also while nobody looks. */
export function createLive({ context, traffic, report }: LiveOptions): LiveHub {
  const series = createTrafficSeries()
  const counts =
    traffic === undefined ? countsOfAll(context) : { everyMs: LOOK_MS, read: async () => traffic() }
  let rows: readonly EndpointTraffic[] = []
  const hub = createLiveHub({
    topics: listTopics(context, {
      series,
      isMeasuredHere: traffic !== undefined,
      costs: createSideCosts({ ...context, traffic: traffic ?? (() => rows), ask: askMetrics }),
    }),
    points: series.points,
    clock: context.clock,
    report,
  })
  const looking = lookAtTraffic(counts, (seen) => {
    rows = seen
    const before = series.points().at(-1)
    series.look(context.clock(), seen)
    const point = series.points().at(-1)
    if (point !== undefined && point !== before) hub.addPoint(point)
  })
  return {
    ...hub,
    async stop() {
      await looking.stop()
      await hub.stop()
    },
  }
}

/** Where what was counted comes from. */
interface TrafficCounts {
  readonly everyMs: number
  read(): Promise<readonly EndpointTraffic[]>
}

/** For a process without a proxy of its own. */
function countsOfAll({ guide, config }: AdminContext): TrafficCounts {
  const capabilities = Object.keys(config.capabilities)
  return {
    everyMs: TOLD_LOOK_MS,
    read: async () => (guide === undefined ? [] : readToldTraffic(guide.traffic, capabilities)),
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

function lookAtTraffic(
  { everyMs, read }: TrafficCounts,
  onSeen: (rows: readonly EndpointTraffic[]) => void,
): Stoppable {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const look = async () => {
    // Without the control database there is no point of the traffic, and whoever reads of it elsewhere is told why.
    const rows = await read().catch(() => undefined)
    if (stopped) return
    if (rows !== undefined) onSeen(rows)
    timer = setTimeout(look, everyMs).unref()
  }
  void look()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
