import type { Config } from '../config/schema.ts'
import type { LocalPosition, MarkStore } from '../core/data-position.ts'
import { StranglerError } from '../core/errors.ts'
import type { ExchangeRecord } from '../core/exchange-record.ts'
import type { Clock, ReportError } from '../core/ports.ts'
import type { OnRefused } from '../core/refused-connection.ts'
import type { BeginTrace } from '../core/trace-context.ts'
import type { RouteTable } from '../routing/compile-table.ts'
import { compileAddresses } from '../routing/compile-targeting.ts'
import { type Breaker, type BreakerState, createBreaker } from './breaker.ts'
import { type CapturePort, guardCapturePort } from './capture-port.ts'
import { createHpmEngine } from './forward-hpm.ts'
import { createNodeHttpEngine } from './forward-node-http.ts'
import { createUndiciEngine } from './forward-undici.ts'
import { createRequestHandler, type RequestHandler } from './handle-request.ts'
import { createParentWrites } from './parent-write.ts'
import { createDeadlines, type ProxyContext } from './proxy-context.ts'
import { createProxyUpgrades, type ProxyUpgrades } from './proxy-upgrades.ts'
import { createTraceContext } from './trace-context.ts'
import { createUpstream } from './upstream.ts'
import { createWriteHolds, type WriteHolds } from './write-hold.ts'
import { createWriteMarks, type WriteMarks } from './write-marks.ts'

/** What the proxy needs from outside. Everything that observes is a callback, and none can fail a request. */
export interface ProxyOptions {
  readonly config: Config
  readonly table: RouteTable
  /** Shared by all proxies of one control database. */
  readonly secret: Buffer
  readonly isOperator?: (token: string) => boolean
  readonly isConfirmed?: () => boolean
  /** What is known of the copies of data; absent: nothing. */
  readonly position?: LocalPosition
  /** Where the marks of clients without cookies are kept for all proxies; absent where this is the only one. */
  readonly markStore?: MarkStore
  /** A write of the capability was made and could not be marked for the other proxies. */
  readonly onUnstoredMark?: (capability: string) => void
  readonly clock?: Clock
  /** Names the requests; by default without spans. */
  readonly beginTrace?: BeginTrace
  readonly onExchange?: (record: ExchangeRecord) => void
  /** Gets copies of the exchanges that it wants, after their answers. */
  readonly capture?: CapturePort
  readonly onBreaker?: (capability: string, state: BreakerState) => void
  readonly onAcknowledged?: (holdIds: string[]) => void
  /** Told of every connection that is closed because what came over it was no request. */
  readonly onRefused?: OnRefused
  /** How long a client has for its headers; default 30 s. Only of the standalone server. */
  readonly headersMs?: number
  readonly report?: ReportError
}

/** The proxy without its listener: what the standalone server and the Express middleware share. */
export interface StranglerProxy {
  readonly handle: RequestHandler
  readonly upgrades: ProxyUpgrades
  readonly holds: WriteHolds
  /** The table that serves now. */
  table(): RouteTable
  /** Serves by another table from the next request on; requests in flight finish on theirs. */
  swapTable(table: RouteTable): void
  readonly context: ProxyContext
  /** From now on every answer ends its connection. */
  drain(): void
  stop(): Promise<void>
}

/** Builds the proxy's parts and wires them. */
export function createProxy(options: ProxyOptions): StranglerProxy {
  const { config, report = () => undefined } = options
  const clock = options.clock ?? Date.now
  let table = options.table
  let draining = false
  const sides = new Map(
    Object.entries(config.sides).map(([name, side]) => [name, createUpstream(name, side)]),
  )
  const upstreamOf = (name: string) => {
    const upstream = sides.get(name)
    if (upstream === undefined)
      throw new StranglerError('STRANGLER_CONFIG_INVALID', `There is no side "${name}".`)
    return upstream
  }
  const engines = {
    undici: createUndiciEngine({ maxConnections: (side) => config.sides[side]?.maxConnections }),
    nodeHttp: createNodeHttpEngine(),
    hpm: createHpmEngine(report),
  }
  const holds = createWriteHolds({
    clock,
    maxWaiting: config.hold.maxWaiting,
    onAcknowledged: options.onAcknowledged ?? (() => undefined),
  })
  const trusted = config.proxy.trustedProxies
  const context: ProxyContext = {
    config,
    table: () => table,
    monolith: upstreamOf('monolith'),
    serviceOf: (route) => upstreamOf(route.capability.service),
    deadlinesFor: createDeadlines(config),
    engines,
    holds,
    breakerOf: createBreakers(clock, options.onBreaker),
    parentWrites: createParentWrites(options.secret, clock),
    trustedProxies: trusted.length === 0 ? undefined : compileAddresses(trusted, 'proxy.trustedProxies'),
    isOperator: options.isOperator ?? (() => false),
    isConfirmed: options.isConfirmed ?? (() => true),
    isDraining: () => draining,
    marks: createMarks(options, clock),
    clock,
    beginTrace: options.beginTrace ?? createTraceContext,
    onExchange: options.onExchange ?? (() => undefined),
    capture: options.capture === undefined ? undefined : guardCapturePort(options.capture, report),
    report,
  }
  holds.apply(holdsOf(table), announcedIn(table))
  const upgrades = createProxyUpgrades(context)
  return {
    handle: createRequestHandler(context),
    upgrades,
    holds,
    context,
    table: () => table,
    swapTable(next) {
      table = next
      holds.apply(holdsOf(next), announcedIn(next))
      upgrades.follow(next)
    },
    drain() {
      draining = true
    },
    async stop() {
      draining = true
      holds.stop()
      await upgrades.stop(0)
      await Promise.all(Object.values(engines).map((engine) => engine.stop()))
    },
  }
}

function createMarks(options: ProxyOptions, clock: Clock): WriteMarks | undefined {
  const { position, markStore: store, secret } = options
  if (position === undefined) return undefined
  return createWriteMarks({
    ...{ position, store, secret, clock },
    onUnstored: options.onUnstoredMark ?? (() => undefined),
    report: options.report ?? (() => undefined),
  })
}

function holdsOf(table: RouteTable) {
  const held = [...table.capabilities.values()].flatMap(({ name, hold }) =>
    hold === undefined ? [] : [[name, hold] as const],
  )
  return new Map(held)
}

function announcedIn(table: RouteTable): ReadonlyMap<string, string> {
  const announced = [...table.capabilities.values()].flatMap(({ name, announced }) =>
    announced === undefined ? [] : [[name, announced] as const],
  )
  return new Map(announced)
}

function createBreakers(clock: Clock, onBreaker: ProxyOptions['onBreaker']): (capability: string) => Breaker {
  const breakers = new Map<string, Breaker>()
  return (capability) => {
    const present = breakers.get(capability)
    if (present !== undefined) return present
    const breaker = createBreaker(clock, (state) => onBreaker?.(capability, state))
    breakers.set(capability, breaker)
    return breaker
  }
}
