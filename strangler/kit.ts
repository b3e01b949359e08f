import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { createAdminServer } from './admin/admin-server.ts'
import { startAutopilot } from './admin/guide/autopilot-runner.ts'
import { createFindingsCache } from './admin/guide/guide-sources.ts'
import type { AdminContext } from './admin/present-state.ts'
import { type AdminTokens, loadTokens } from './admin/tokens.ts'
import { readDatabaseFacts } from './assess-part.ts'
import type { Config } from './config/schema.ts'
import { serviceSidesAtMonolith } from './config/service-sides-at-monolith.ts'
import { ensureFolder } from './infra/ensure-folder.ts'
import { keepPostgres } from './infra/keep-postgres.ts'
import { probeSide } from './infra/probe-side.ts'
import { readSecret } from './infra/read-secret.ts'
import { findRedis } from './infra/redis-server.ts'
import type { Kit, KitOptions } from './kit-options.ts'
import { type PositionPart, startPositionPart } from './position-part.ts'
import { type ProxyPart, startProxyPart } from './proxy-part.ts'
import { createReleaseList, type ReleaseList } from './release-list.ts'
import type { Coordinator } from './rollout/coordinator.ts'
import { createJournalView } from './rollout/journal-view.ts'
import { startRolloutPart } from './rollout-part.ts'
import { checkOwners } from './routing/check-owners.ts'
import { compileTable, type RouteTable } from './routing/compile-table.ts'
import { EMPTY_STATE } from './routing/fold-journal.ts'
import { startShadowPart } from './shadow-part.ts'
import { openControlDatabase } from './state/control-database.ts'
import { type ControlLink, createControlLink } from './state/control-link.ts'
import { keepLag } from './state/keep-lag.ts'
import { lastGoodPath } from './state/last-good-table.ts'
import { createTableFeed } from './state/table-feed.ts'
import { createSyncPart, redisOptions, type SyncPart } from './sync-part.ts'
import { createLog, type Log } from './telemetry/log.ts'
import { logRefusals } from './telemetry/log-refusals.ts'
import { createMetrics } from './telemetry/metrics.ts'
import { startTracing, type Tracing } from './telemetry/tracing.ts'
import { isWorker, proxyName, startWorkers, tellServing, type Workers } from './workers.ts'

export type { Kit, KitOptions } from './kit-options.ts'

/** What the parts of one process share. */
export interface KitGround {
  readonly config: Config
  readonly options: KitOptions
  readonly log: Log
  readonly tokens: AdminTokens
  readonly link: ControlLink
  readonly releases: ReleaseList
  /** Only where somebody wants spans. */
  readonly tracing?: Tracing
  readonly positions: PositionPart
  /** Absent in a worker: its parent has it. */
  readonly sync?: SyncPart
  /** Where the ownership may be moved from. */
  readonly rollout?: Coordinator
}

/**
 * Starts the kit: control database, proxy, admin API. The only place where parts are built and wired.
 * @throws StranglerError STRANGLER_ENDPOINT_TIE, STRANGLER_SIDE_UNREACHABLE, STRANGLER_PORT_IN_USE, …; nothing is left running then
 */
export async function startKit(config: Config, options: KitOptions = {}): Promise<Kit> {
  const log = createLog(options.logFile === undefined ? {} : { file: options.logFile })
  const releases = createReleaseList(log.report)
  releases.add('the log', () => log.stop())
  try {
    return await start(config, options, { log, releases })
  } catch (error) {
    await releases.releaseAll()
    throw error
  }
}

async function start(
  config: Config,
  options: KitOptions,
  { log, releases }: { log: Log; releases: ReleaseList },
): Promise<Kit> {
  compileTable(config, EMPTY_STATE)
  const role = options.role ?? 'all'
  if (!isWorker() && (role === 'all' || role === 'proxy')) await probeSides(config, options, log)
  await ensureFolder(config.directory, 'STRANGLER_CONFIG_INVALID')
  const tokens = await loadTokens(config.directory, process.env)
  const control = await findControl(config, { log, releases, role })
  const link = createControlLink(() => openControlDatabase(control.url, { report: log.report }), log.report)
  releases.add('the control database’s connection', () => link.stop())
  const positions = startPositionPart(control.url, { report: log.report, releases })
  const tracing = await startTracing(process.env, { report: log.report })
  if (tracing !== undefined) releases.add('the spans', () => tracing.stop())
  const ground: KitGround = {
    ...{ config, options, log, tokens, link, releases, positions },
    ...(tracing === undefined ? {} : { tracing }),
  }
  if (isWorker()) {
    const part = await startProxyPart(ground)
    if (part.url !== undefined) tellServing(part.url)
    return {
      proxyUrl: part.url,
      handle: part.handle,
      adminUrl: undefined,
      description: [],
      stop: () => releases.releaseAll(),
    }
  }
  const redis = await findRedis(redisOptions(config))
  releases.add('Redis', () => redis.stop())
  const sync = createSyncPart({
    ...{ config, readInstallation: link.readInstallation },
    queue: { kind: redis.kind, url: redis.kind === 'redis' ? redis.url : control.url },
    runs: role === 'all' || role === 'sync',
    onHeartbeat: positions.tell,
    append: (entry) => link.journal.append(entry),
    readState: createJournalView(link.journal),
    evidence: link.evidence,
    tracer: tracing?.tracer,
    report: log.report,
  })
  releases.add('the data sync', () => sync.stop())
  const rollout = role === 'proxy' ? {} : { rollout: startRolloutPart(ground, sync) }
  const whole: KitGround = { ...ground, sync, ...rollout }
  const parts = await startParts(whole, role, control.url)
  const adminUrl = await startAdmin(whole, parts)
  const reach = (await link.connect(0)) ? '' : ', not in reach yet: nothing can be changed until it answers'
  const description = [
    `control database: ${control.description}${reach}`,
    `queue of the data sync: ${redis.description}`,
    ...serviceSidesAtMonolith(config).map(
      (side) =>
        `sides.${side} is the monolith's own address: nothing is known of a service until it has its own`,
    ),
  ]
  return {
    proxyUrl: parts.url,
    handle: parts.handle,
    adminUrl,
    description,
    stop: () => releases.releaseAll(),
  }
}

/** The first start wants every side there: a wrong address is a mistake then. A restart must not depend on a side being up. */
async function probeSides(config: Config, options: KitOptions, log: Log): Promise<void> {
  const name = proxyName(options.name, options.workers ? '1' : undefined)
  const isRestart = existsSync(lastGoodPath(config.directory, name))
  for (const [name, side] of Object.entries(config.sides)) {
    // Embedded, the monolith is the app that is just being built.
    if (name === 'monolith' && options.embedded === true) continue
    try {
      await probeSide(name, side.url)
    } catch (error) {
      if (!isRestart && options.allowUnreachable !== true) throw error
      log.report(`reach the side ${name}`, error)
    }
  }
}

async function findControl(
  config: Config,
  { log, releases, role }: { log: Log; releases: ReleaseList; role: string },
): Promise<{ url: string; description: string }> {
  const url = config.control.url ?? readSecret(process.env, 'STRANGLER_CONTROL_URL')
  if (url !== undefined) return { url, description: `PostgreSQL at ${new URL(url).host}` }
  const kept = await keepPostgres({ directory: path.join(config.directory, 'postgres') }, log.report)
  releases.add('the embedded control database', () => kept.stop())
  const alone =
    role === 'all'
      ? ''
      : `; this is a kit of its own, because without \`control.url\` the role ${role} shares nothing with the others`
  return { url: kept.url, description: `embedded PostgreSQL at ${new URL(kept.url).host}${alone}` }
}

/** The part of this process that serves, and what the admin API says about it. */
type Serving = Omit<ProxyPart, 'handle'> & { readonly handle: ProxyPart['handle'] | undefined }

async function startParts(ground: KitGround, role: string, controlUrl: string): Promise<Serving> {
  const { options } = ground
  const serves = role === 'all' || role === 'proxy'
  if (serves && !options.workers) return startProxyPart(ground)
  const follower = await startFollower(ground)
  if (!serves) return follower
  const workers: Workers = await startWorkers(options.workers ?? 1, { controlUrl, report: ground.log.report })
  ground.releases.add('the workers', () => workers.stop())
  return {
    ...follower,
    url: workers.url,
    metrics: workers.metrics,
    readiness: workers.readiness,
    traffic: workers.traffic,
  }
}

/** A process without a proxy of its own follows the journal for the admin API's answers. */
async function startFollower(ground: KitGround): Promise<Serving> {
  const { config, link, log, releases, positions, sync, rollout } = ground
  let state = EMPTY_STATE
  let table: RouteTable = compileTable(config, state)
  const metrics = createMetrics({ heard: positions.keeper.heard })
  const shadowing = startShadowPart(ground)
  const feed = createTableFeed({
    link,
    directory: config.directory,
    name: undefined,
    host: hostname(),
    onState: (next) => {
      state = next
      table = compileTable(config, next)
      metrics.setTableVersion(next.version)
      positions.keeper.follow(next)
      shadowing.follow(next)
      sync?.follow(next)
      rollout?.follow(next)
    },
    onConnection: metrics.setControlConnected,
    acknowledged: () => [],
    report: log.report,
  })
  releases.add('the journal’s follower', () => feed.stop())
  checkOwners(config, await feed.start())
  return {
    url: undefined,
    handle: undefined,
    table: () => table,
    state: () => state,
    metrics: async () => ({
      contentType: metrics.registry.contentType,
      body: await metrics.registry.metrics(),
    }),
    readiness: () => ({ ready: true, reasons: [] }),
    traffic: undefined,
    askSide: shadowing.shadow.ask,
  }
}

async function startAdmin(ground: KitGround, serving: Serving): Promise<string> {
  const { config, options, log, tokens, link, releases, sync, rollout } = ground
  const context: AdminContext = {
    journal: link.journal,
    registrations: link.registrations,
    config,
    currentTable: serving.table,
    currentState: serving.state,
    clock: Date.now,
    comparisons: { store: link.comparisons, askSide: serving.askSide },
    contracts: link.contracts,
    dataPosition: ground.positions.keeper,
    guide: {
      traffic: link.traffic,
      lagOf: ground.positions.lag.window,
      findings: createFindingsCache(Date.now),
      evidence: link.evidence,
    },
    assess: {
      metrics: async () => (await serving.metrics()).body,
      database: () => readDatabaseFacts(config, log.report),
    },
    ...(sync === undefined ? {} : { sync: sync.control }),
    ...(rollout === undefined ? {} : { rollout }),
    ...(ground.tracing === undefined ? {} : { traceCommand: ground.tracing.traceCommand }),
  }
  const capabilities = Object.keys(config.capabilities)
  const lag = keepLag({ book: ground.positions.lag, store: link.evidence, capabilities, report: log.report })
  releases.add('what is known of the lag', () => lag.stop())
  const { metrics, readiness, traffic } = serving
  const seen = traffic === undefined ? {} : { traffic }
  const admin = createAdminServer({
    ...{ ...context, tokens, metrics, readiness, ...seen },
    ...{ log: log.logger, onRefused: logRefusals(log, Date.now) },
  })
  const { url } = await admin.start(config.admin.host, options.adminPort ?? config.admin.port)
  releases.add('the admin API', () => admin.stop())
  if (options.role !== 'proxy') flyByJournal(ground, context)
  await tellAdminUrl(ground, url)
  return url
}

/** The autopilots of all capabilities, as the journal has them on. */
function flyByJournal({ log, releases }: KitGround, context: AdminContext): void {
  const autopilot = startAutopilot({
    context,
    onCall: (capability, reason) => log.logger.warn({ capability, reason }, 'the autopilot calls a person'),
    report: log.report,
  })
  releases.add('the autopilot', () => autopilot.stop())
}

/** For the commands that run beside. Where a process of its own is the admin, the others of the directory do not speak for it. */
async function tellAdminUrl({ config, options, releases }: KitGround, url: string): Promise<void> {
  const place = path.join(config.directory, 'admin.json')
  if ((options.role === 'proxy' || options.role === 'sync') && existsSync(place)) return
  const content = `${JSON.stringify({ url, pid: process.pid })}\n`
  // With tokens from the environment and a database of one's own, nothing else has made it.
  await mkdir(config.directory, { recursive: true })
  await writeFile(place, content, { mode: 0o600 })
  releases.add('the admin API’s address on disk', async () => {
    if ((await readFile(place, 'utf8')) === content) await rm(place, { force: true })
  })
}
