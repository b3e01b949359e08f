import path from 'node:path'
import type { Tracer } from '@opentelemetry/api'
import type { Config } from './config/schema.ts'
import type { SyncHeartbeat } from './core/data-position.ts'
import { StranglerError } from './core/errors.ts'
import type { EvidenceStore } from './core/evidence-store.ts'
import type { Journal, ReportError, Stoppable } from './core/ports.ts'
import type { RouteState, Side, SyncCourse, SyncOrder } from './core/words.ts'
import { diagnose, findAddresses, findShared } from './doctor-part.ts'
import type { FindRedisOptions } from './infra/redis-server.ts'
import { createReadWatches } from './read-watch-part.ts'
import { ownerOf } from './routing/fold-cutover.ts'
import { keepInstallation } from './state/keep-installation.ts'
import { createApplyTracing } from './sync/apply/trace-apply.ts'
import { type CapabilitySync, createCapabilitySync } from './sync/capability-sync.ts'
import { type CouplingWatch, createCouplingWatch } from './sync/coupling-watch.ts'
import { directionOf } from './sync/database-pair.ts'
import { type LostDatabase, showLost } from './sync/incarnation.ts'
import type { SyncHandOver } from './sync/open-hand-over.ts'
import { createSourceSync } from './sync/source-sync.ts'
import type { SyncControl } from './sync/sync-control.ts'
import type { QueueServer } from './sync/transport.ts'
import type { VerifyReport } from './sync/verify-report.ts'

export interface SyncPartOptions {
  readonly config: Config
  /** Asks the control database for the id of this installation. */
  readonly readInstallation: () => Promise<string>
  readonly queue: QueueServer
  /** Whether the syncs run in this process, or it only installs and tells. */
  readonly runs: boolean
  readonly onHeartbeat: (heartbeat: SyncHeartbeat) => void
  readonly append: Journal['append']
  /** The newest state of the journal, asked for anew. */
  readonly readState: () => Promise<RouteState>
  /** Where what a comparison of all rows has found outlives this process. */
  readonly evidence: Pick<EvidenceStore, 'keep' | 'read'>
  /** Where somebody wants spans. */
  readonly tracer?: Tracer | undefined
  readonly report: ReportError
}

/** The data syncs of a process: they run as the journal says. */
export interface SyncPart extends Stoppable {
  readonly control: SyncControl
  /** As `CapabilitySync` has it. */
  handOver(capability: string, to: Side): Promise<SyncHandOver>
  follow(state: RouteState): void
}

export function createSyncPart(options: SyncPartOptions): SyncPart {
  const { config, queue, runs, report } = options
  const { directory } = config
  const installation = keepInstallation({ directory, read: options.readInstallation, report })
  const syncs = new Map<string, CapabilitySync>()
  for (const capability of Object.keys(config.capabilities)) {
    const sync = createSync({ ...options, installation }, capability, () => state)
    if (sync !== undefined) syncs.set(capability, sync)
  }
  const syncOf = (capability: string) => syncs.get(capability) ?? refuse(config, capability)
  const watches = createCouplingWatches({ config, report })
  const readWatches = createReadWatches(options, () => state)
  const couplingsOf = (capability: string) => watches.get(capability)?.found() ?? []
  const fences = followFences(options, syncs)
  let state: RouteState | undefined
  let followed: RouteState['syncs']
  const directionOf = (capability: string) =>
    state !== undefined && ownerOf(state, capability) === 'service' ? 'reverse' : 'forward'
  const isInstalled = (capability: string) => state === undefined || state.syncs?.[capability] !== undefined
  const isRetired = (capability: string) => state?.migrations?.[capability]?.stage === 'retired'
  return {
    control: {
      installation,
      async install(capability, course, choice) {
        checkShared(config, capability)
        await syncOf(capability).install(course, choice)
      },
      uninstall: async (capability) => syncOf(capability).uninstall(),
      diagnose: (capability) =>
        diagnose({ config, queue, directionOf, isInstalled, isRetired, couplingsOf, report }, capability),
      status: async (capability, course) => syncOf(capability).status(course),
      verify: async (capability, order) => syncOf(capability).verify(order),
      repair: async (capability, course) => syncOf(capability).repair(course),
      explain: async (capability, course, name) => syncOf(capability).explain(course, name),
    },
    handOver: async (capability, to) => syncOf(capability).handOver(to),
    follow(next) {
      state = next
      if (runs) fences.follow(next)
      // Most decisions are about routes.
      if (!runs || next.syncs === followed) return
      followed = next.syncs
      for (const [capability, sync] of syncs) sync.follow(followed?.[capability])
      // From its installation on, which says that somebody wants to move it.
      for (const [capability, watch] of watches) if (followed?.[capability] !== undefined) watch.start()
      for (const watch of readWatches) watch.start()
    },
    async stop() {
      await Promise.all([...syncs.values(), ...watches.values(), ...readWatches].map((one) => one.stop()))
    },
  }
}

/** Nothing else goes through it: without tables none is launched. */
export const redisOptions = ({ capabilities, directory, redis: { url } }: Config): FindRedisOptions => ({
  ...{ directory: path.join(directory, 'redis'), url },
  isNeeded: Object.values(capabilities).some(({ tables }) => tables.length > 0),
})

/** At the fence of a cut-over the one who drives it, elsewhere maybe, has to know what was carried here. */
function followFences({ evidence, report }: SyncPartOptions, syncs: ReadonlyMap<string, CapabilitySync>) {
  const told = new Map<string, string>()
  return {
    follow({ holds, cutovers = {} }: RouteState) {
      for (const { id, capability, phase } of Object.values(cutovers)) {
        if (phase !== 'started' || holds[capability]?.phase !== 'fenced' || told.get(capability) === id)
          continue
        const carried = syncs.get(capability)?.hurry()
        if (carried === undefined) continue
        told.set(capability, id)
        const content = { cutoverId: id, ...carried, keys: Object.fromEntries(carried.keys) }
        evidence.keep(capability, 'carried', content).catch((error: unknown) => report('sync.carried', error))
      }
    },
  }
}

/** Of every capability whose tables in the monolith can be looked at. */
function createCouplingWatches({
  config,
  report,
}: Pick<SyncPartOptions, 'config' | 'report'>): Map<string, CouplingWatch> {
  const url = config.sides['monolith']?.database
  if (url === undefined) return new Map()
  const owners = Object.entries(config.capabilities).filter(([, { tables }]) => tables.length > 0)
  const basis = { monolith: { side: 'monolith', url }, rememberMs: config.sync.coupledForMs, report }
  return new Map(
    owners.map(([capability, { tables }]) => [capability, createCouplingWatch({ ...basis, tables })]),
  )
}

interface Loss {
  readonly state: RouteState | undefined
  readonly capability: string
  readonly order: SyncOrder
  readonly lost: LostDatabase
}

/** The kit's own decision, in the journal like any other. Of several processes that find it one is the first; who fails is told again. */
function beginAnew({ append, report }: SyncPartOptions, { state, capability, order, lost }: Loss): void {
  if (state?.syncs?.[capability]?.epoch !== order.epoch || state.cutovers?.[capability] !== undefined) return
  const { direction } = order
  const event = {
    ...{ kind: 'sync.started' as const, capability, epoch: state.version + 1, backfill: true as const },
    ...(direction === undefined ? {} : { direction }),
    lost: lost.role,
  }
  append({ event, by: 'kit', because: showLost(lost), expectedVersion: state.version }).catch(
    (error: unknown) => {
      if ((error as StranglerError).code !== 'STRANGLER_VERSION_CONFLICT') report('sync.begin', error)
    },
  )
}

/** Undefined where there is nothing to sync, or an address is missing. */
function createSync(
  options: SyncPartOptions & { readonly installation: () => Promise<string> },
  capability: string,
  state: () => RouteState | undefined,
): CapabilitySync | undefined {
  const { config, installation, queue, onHeartbeat, tracer, report } = options
  const { tables = [], applier, service = capability } = config.capabilities[capability] ?? {}
  if (tables.length === 0) return undefined
  const { watchEveryMs, backfill } = config.sync
  const throttle = {
    ...backfill,
    flagFile: path.resolve(config.directory, backfill.flagFile),
    maxLagMs: backfill.maxLagMs === 0 ? undefined : backfill.maxLagMs,
  }
  const onLost = (order: SyncOrder, lost: LostDatabase) => {
    beginAnew(options, { state: state(), capability, order, lost })
  }
  const onVerified = (found: VerifyReport, epoch: number) =>
    keepVerified(options, { capability, found, epoch })
  const traced = tracer === undefined ? {} : { traceApply: createApplyTracing(tracer) }
  const isCurrent = async (course: SyncCourse) => {
    const now = await options.readState()
    const direction = ownerOf(now, capability) === 'service' ? 'reverse' : 'forward'
    const phase = now.cutovers?.[capability]?.phase
    return (phase === undefined || phase === 'decided') && directionOf(course) === direction
  }
  const isEnded = async () => {
    const { syncs, cutovers } = await options.readState()
    return syncs?.[capability] === undefined && cutovers?.[capability] === undefined
  }
  const readVersion = async () => (await options.readState()).version
  const appliesAsOwner = async () =>
    applier === 'service' && ownerOf(await options.readState(), capability) === 'service'
  const told = {
    onHeartbeat,
    onLost,
    onVerified,
    isCurrent,
    isEnded,
    readVersion,
    appliesAsOwner,
    report,
    ...traced,
  }
  const basis = { capability, installation, tables, queue, watchEveryMs, throttle, ...told }
  const addresses = findAddresses(config, capability)
  const full = addresses === undefined ? undefined : createCapabilitySync({ ...basis, addresses })
  const url = config.sides['monolith']?.database
  if (applier !== 'service' || url === undefined) return full
  return createSourceSync({ ...basis, monolith: { side: 'monolith', url }, service, full })
}

/** In this process it is known anyway; what fails here is missed after a restart only. */
function keepVerified(
  { evidence, report }: SyncPartOptions,
  { capability, found, epoch }: { capability: string; found: VerifyReport; epoch: number },
): void {
  const { startedAt, compared, missing, extra, different, inFlight } = found
  evidence
    .keep(capability, 'verify', { startedAt, epoch, compared, missing, extra, different, inFlight })
    .catch((error: unknown) => report('sync.evidence', error))
}

/** The log of the monolith tells tables apart by their names, and one capability owns each. */
function checkShared(config: Config, capability: string): void {
  const [shared] = findShared(config, capability)
  if (shared === undefined) return
  const { table, other } = shared
  throw new StranglerError(
    'STRANGLER_SYNC_REFUSED',
    `The table ${table} is named by ${capability} and by ${other}: it would have two owners.`,
    { fix: `Leave it in \`tables\` of one of them.` },
  )
}

function refuse(config: Config, capability: string): never {
  const settings = config.capabilities[capability]
  if (settings === undefined || settings.tables.length === 0) {
    throw new StranglerError(
      'STRANGLER_SYNC_REFUSED',
      `The capability ${capability} has no tables, so there is nothing to sync.`,
      { fix: `Name the tables it owns in \`capabilities.${capability}.tables\`.` },
    )
  }
  const sides = ['monolith', settings.service ?? capability]
  const missing = sides.filter((side) => config.sides[side]?.database === undefined)
  throw new StranglerError(
    'STRANGLER_SYNC_REFUSED',
    `The database of ${missing.map((side) => `the side ${side}`).join(' and of ')} is not named, and ${capability} is to be synced.`,
    { fix: `Set ${missing.map((side) => `\`sides.${side}.database\``).join(' and ')}.` },
  )
}
