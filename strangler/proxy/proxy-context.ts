import type { BlockList } from 'node:net'
import type { Config, Deadlines } from '../config/schema.ts'
import type { ExchangeRecord } from '../core/exchange-record.ts'
import type { Clock, ReportError } from '../core/ports.ts'
import type { BeginTrace } from '../core/trace-context.ts'
import type { Route, RouteTable } from '../routing/compile-table.ts'
import type { Breaker } from './breaker.ts'
import type { CapturePort } from './capture-port.ts'
import type { ForwardEngine, Upstream } from './forward.ts'
import type { ParentWrites } from './parent-write.ts'
import type { WriteHolds } from './write-hold.ts'
import type { WriteMarks } from './write-marks.ts'

/** What the request handler works with. Built once by the proxy server; only the table changes. */
export interface ProxyContext {
  readonly config: Config
  readonly table: () => RouteTable
  readonly monolith: Upstream
  /** The side of a capability's service. */
  readonly serviceOf: (route: Route) => Upstream
  readonly deadlinesFor: (route: Route | undefined, upstream: Upstream) => Deadlines
  readonly engines: {
    readonly undici: ForwardEngine
    readonly nodeHttp: ForwardEngine
    readonly hpm: ForwardEngine
  }
  readonly holds: WriteHolds
  readonly breakerOf: (capability: string) => Breaker
  readonly parentWrites: ParentWrites
  readonly trustedProxies: BlockList | undefined
  readonly isOperator: (token: string) => boolean
  /** False while it is not known who owns the data: capabilities with tables are not served then. */
  readonly isConfirmed: () => boolean
  /** While stopping every answer ends its connection, so that no client sends another request down it. */
  readonly isDraining: () => boolean
  /** Absent where nothing is known of copies: then reads of what has tables stay with the owner. */
  readonly marks: WriteMarks | undefined
  readonly clock: Clock
  /** Absent where nothing is compared. */
  readonly capture: CapturePort | undefined
  readonly beginTrace: BeginTrace
  readonly onExchange: (record: ExchangeRecord) => void
  readonly report: ReportError
}

/** Merges the deadlines of the proxy, the side and the endpoint; the nearest one says. One object per pair, not per request. */
export function createDeadlines(config: Config): ProxyContext['deadlinesFor'] {
  const bySide = new Map<string, Deadlines>()
  const byRoute = new WeakMap<Route, Map<string, Deadlines>>()
  const ofSide = (name: string): Deadlines => {
    const present = bySide.get(name)
    if (present !== undefined) return present
    const merged = merge(config.proxy.deadlines, config.sides[name]?.deadlines)
    bySide.set(name, merged)
    return merged
  }
  return (route, upstream) => {
    if (route === undefined) return ofSide(upstream.name)
    const sides = byRoute.get(route) ?? new Map<string, Deadlines>()
    byRoute.set(route, sides)
    const merged = sides.get(upstream.name) ?? merge(ofSide(upstream.name), route.deadlines)
    sides.set(upstream.name, merged)
    return merged
  }
}

function merge(
  base: Deadlines,
  over: { [K in keyof Deadlines]?: number | undefined } | undefined,
): Deadlines {
  return {
    connectMs: over?.connectMs ?? base.connectMs,
    headersMs: over?.headersMs ?? base.headersMs,
    totalMs: over?.totalMs ?? base.totalMs,
  }
}
