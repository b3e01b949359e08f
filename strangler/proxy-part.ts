import { hkdfSync, timingSafeEqual } from 'node:crypto'
import { hostname } from 'node:os'
import { startContractPart } from './contract-part.ts'
import type { MarkStore } from './core/data-position.ts'
import type { ReportError } from './core/ports.ts'
import type { EndpointTraffic } from './core/traffic-words.ts'
import type { RouteState } from './core/words.ts'
import { claimName } from './infra/claim-name.ts'
import { namedRedisUrl } from './infra/redis-server.ts'
import type { KitGround } from './kit.ts'
import { createProxy, type ProxyOptions, type StranglerProxy } from './proxy/create-proxy.ts'
import type { RequestHandler } from './proxy/handle-request.ts'
import { createProxyServer } from './proxy/proxy-server.ts'
import { createTraceContext } from './proxy/trace-context.ts'
import { keepMsOf } from './proxy/write-marks.ts'
import { checkOwners, findUnknownOwners, ownerNotConfigured } from './routing/check-owners.ts'
import { compileTable, type RouteTable } from './routing/compile-table.ts'
import { EMPTY_STATE } from './routing/fold-journal.ts'
import type { Shadow } from './shadow/create-shadow.ts'
import { type ShadowPart, startShadowPart } from './shadow-part.ts'
import type { ControlLink } from './state/control-link.ts'
import { createTableFeed, type TableFeed } from './state/table-feed.ts'
import { createRedisMarks } from './sync/redis-marks.ts'
import { logExchange } from './telemetry/access-log.ts'
import { shareMetrics } from './telemetry/cluster-metrics.ts'
import { keepTraffic } from './telemetry/keep-traffic.ts'
import { logRefusals } from './telemetry/log-refusals.ts'
import { createMetrics, type Metrics } from './telemetry/metrics.ts'
import { createTrafficBook, type TrafficBook } from './telemetry/traffic-book.ts'
import { createTrafficMeter, type TrafficMeter } from './telemetry/traffic-meter.ts'
import { isWorker, proxyName, tellTraffic } from './workers.ts'

/** A serving proxy, and what the admin API asks of it. */
export interface ProxyPart {
  /** Undefined when it is embedded in somebody else's server. */
  readonly url: string | undefined
  readonly handle: RequestHandler
  readonly table: () => RouteTable
  readonly state: () => RouteState
  readonly metrics: () => Promise<{ contentType: string; body: string }>
  readonly readiness: () => { ready: boolean; reasons: string[] }
  /** What it has counted for people to see; undefined where nothing passes. */
  readonly traffic: (() => readonly EndpointTraffic[]) | undefined
  /** Asks a side once more, with the mark of a shadow request. */
  readonly askSide: Shadow['ask']
}

/** Starts the proxy of this process: it registers, reads the journal, and serves by it from then on. */
export async function startProxyPart(ground: KitGround): Promise<ProxyPart> {
  const { config, options, releases } = ground
  const name = proxyName(options.name)
  releases.add('the proxy’s name', await claimName(config.directory, name))
  const metrics = createMetrics({
    beforeScrape: (own) => readGauges(own, proxy),
    heard: ground.positions.keeper.heard,
  })
  if (isWorker()) shareMetrics(metrics.registry)
  const shadowing = startShadowPart({ ...ground, onVerdict: metrics.recordVerdict })
  const traffic = startTrafficBook(ground, name)
  const meter = createTrafficMeter()
  if (isWorker()) releases.add('what the other processes are told of the traffic', tellTraffic(meter.read))
  const wiring = wireProxy(ground, {
    ...{ metrics, shadowing, traffic, meter, feed: () => feed },
    state: () => following.state(),
  })
  const server = options.embedded === true ? undefined : createProxyServer(wiring)
  const proxy: StranglerProxy = server ?? createProxy(wiring)
  const following = followJournal(ground, { proxy, metrics, shadowing, traffic, name })
  const { feed } = following
  ground.positions.onWriteElsewhere((capability) => proxy.context.marks?.holdAll(capability))
  // The registration goes last: while a request is in flight a cut-over must wait for this proxy.
  releases.add('the registration', () => feed.stop())
  let draining = false
  releases.add('the proxy', () => {
    draining = true
    return proxy.stop()
  })
  checkOwners(config, await feed.start())
  const listening = await server?.listen(options.proxyPort ?? config.proxy.port, config.proxy.host)
  return {
    url: listening === undefined ? undefined : `http://${showHost(config.proxy.host)}:${listening.port}`,
    handle: proxy.handle,
    table: proxy.table,
    state: following.state,
    metrics: async () => ({
      contentType: metrics.registry.contentType,
      body: await metrics.registry.metrics(),
    }),
    readiness: () =>
      describeReadiness({ draining, feed, table: proxy.table(), unknown: following.unknown() }),
    traffic: meter.read,
    askSide: shadowing.shadow.ask,
  }
}

function startTrafficBook({ link, log, releases }: KitGround, name: string): TrafficBook {
  const book = createTrafficBook()
  const proxy = `${hostname()}/${name}`
  const keeper = keepTraffic({ book, store: link.traffic, proxy, report: log.report })
  releases.add('what the guide knows of the traffic', () => keeper.stop())
  return book
}

/** What the proxy asks, and whom it tells. */
function wireProxy(
  ground: KitGround,
  {
    metrics,
    shadowing,
    traffic,
    meter,
    feed,
    state,
  }: Observers & { meter: TrafficMeter; feed: () => TableFeed; state: () => RouteState },
): ProxyOptions {
  const { config, log, tokens, positions, tracing } = ground
  return {
    config,
    table: compileTable(config, EMPTY_STATE),
    secret: deriveSecret(tokens.operator),
    isOperator: createOperatorCheck(tokens.operator),
    isConfirmed: () => feed().isConfirmed(),
    ...(tracing === undefined ? {} : { beginTrace: tracing.traceExchanges(createTraceContext) }),
    onExchange: (record) => {
      metrics.recordExchange(record)
      traffic.record(record)
      meter.record(record)
      if (config.proxy.accessLog) logExchange(log, record)
    },
    onBreaker: (capability, state) => {
      metrics.setBreaker(capability, state)
      log.logger.warn({ capability, state }, 'the breaker has changed')
    },
    onAcknowledged: () => feed().tellProgress(),
    onRefused: logRefusals(log, Date.now),
    report: log.report,
    capture: startContractPart(ground, { shadow: shadowing.shadow, state }),
    position: positions.keeper,
    markStore: openMarkStore(ground),
    onUnstoredMark: positions.announceWrite,
  }
}

/** A Redis only where it is named: one that this process has launched is not every proxy's. */
function openMarkStore({ config, link, releases, log }: KitGround): MarkStore {
  const longestKeepMs = Math.max(0, ...Object.values(config.capabilities).map(keepMsOf))
  const url = namedRedisUrl({ url: config.redis.url })
  if (url === undefined) return keepInControlDatabase(link, { longestKeepMs, report: log.report })
  const marks = createRedisMarks(url, { longestKeepMs, report: log.report })
  releases.add('the marks in Redis', () => marks.stop())
  return marks
}

function keepInControlDatabase(
  link: ControlLink,
  { longestKeepMs, report }: { longestKeepMs: number; report: ReportError },
): MarkStore {
  const marks = link.createMarks(longestKeepMs)
  // From now on it counts as one that keeps marks.
  link.whenOpen(() => {
    marks.latest('-').catch((error: unknown) => report('marks.store', error))
  })
  return marks
}

function isShadowed({ setting }: RouteTable['routes'][number]): boolean {
  return setting.mode === 'shadow' || setting.mode === 'canary'
}

interface Observers {
  readonly metrics: Metrics
  readonly shadowing: ShadowPart
  readonly traffic: TrafficBook
}

interface Following extends Observers {
  readonly proxy: StranglerProxy
  readonly name: string
}

function followJournal(
  { config, link, log, positions, sync, rollout }: KitGround,
  { proxy, metrics, shadowing, traffic, name }: Following,
): { feed: TableFeed; state: () => RouteState; unknown: () => readonly string[] } {
  let current = EMPTY_STATE
  let unknown: readonly string[] = []
  const feed = createTableFeed({
    link,
    directory: config.directory,
    name,
    host: hostname(),
    onState: (state) => {
      current = state
      const table = compileTable(config, state)
      proxy.swapTable(table)
      if (table.routes.some(isShadowed)) shadowing.shadow.prepare()
      metrics.setTableVersion(state.version)
      positions.keeper.follow(state)
      shadowing.follow(state)
      traffic.follow(state)
      sync?.follow(state)
      rollout?.follow(state)
      const known = unknown
      unknown = findUnknownOwners(config, state)
      if (unknown.some((name) => !known.includes(name)))
        log.report('read the journal', ownerNotConfigured(config, unknown))
    },
    onConnection: metrics.setControlConnected,
    acknowledged: () => proxy.holds.acknowledged(),
    report: log.report,
  })
  return { feed, state: () => current, unknown: () => unknown }
}

function readGauges(metrics: Metrics, proxy: StranglerProxy): void {
  const waiting = proxy.holds.waiting()
  // A hold that has ended is in no list any more; its gauge must not stay where it was.
  for (const capability of proxy.table().capabilities.keys())
    metrics.setHeld(capability, waiting.get(capability) ?? 0)
  metrics.setUpgraded(proxy.upgrades.open)
}

function describeReadiness({
  draining,
  feed,
  table,
  unknown,
}: {
  draining: boolean
  feed: TableFeed
  table: RouteTable
  unknown: readonly string[]
}) {
  const reasons: string[] = []
  if (draining) reasons.push('The proxy is stopping.')
  if (unknown.length > 0)
    reasons.push(
      `By the journal the service owns ${unknown.join(', ')}, and the configuration does not name its tables.`,
    )
  const hasData = [...table.capabilities.values()].some(({ hasTables }) => hasTables)
  if (!feed.isConfirmed() && hasData) {
    reasons.push(
      feed.doubt() ??
        'The control database has not been reached since the start, so it is not known who owns the data: capabilities with tables are answered with 503.',
    )
  }
  return { ready: reasons.length === 0, reasons }
}

/** One secret for all proxies that share the operator's token, without sharing the token itself. */
function deriveSecret(operatorToken: string): Buffer {
  return Buffer.from(hkdfSync('sha256', operatorToken, '', 'strangler parent write', 32))
}

function createOperatorCheck(operatorToken: string): (token: string) => boolean {
  const expected = Buffer.from(operatorToken)
  return (token) => {
    const given = Buffer.from(token)
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
}

function showHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
