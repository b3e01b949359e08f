import { StranglerError } from '../core/errors.ts'
import type { ApplierNotice } from '../core/sync-words.ts'
import type { SyncOrder } from '../core/words.ts'
import type { CapabilitySync, CapabilitySyncOptions, CapabilitySyncStatus } from './capability-sync.ts'
import { type CheckedTables, checkTables } from './check-tables.ts'
import { type Claim, claimDatabases, refuseForeign } from './claim-database.ts'
import type { SyncDatabase } from './database.ts'
import { directionOf, openSide, type PairAddresses, schemaOf } from './database-pair.ts'
import { describeDatabase } from './described-database.ts'
import { clearSource, prepareSource } from './install-sync.ts'
import { createLagReader } from './lag.ts'
import { type SourceParts, startSourceParts } from './source-parts.ts'
import { createTurns } from './sync-runner.ts'
import { createTransport, type Transport } from './transport.ts'
import { refuseBlocked } from './usable-routes.ts'

const RETRY_MS = 2_000
/** The applier puts up a notice every two seconds. */
const SILENT_AFTER_MS = 10_000

export interface SourceSyncOptions extends Omit<CapabilitySyncOptions, 'addresses'> {
  readonly monolith: PairAddresses['monolith']
  /** The name of the side whose service applies. */
  readonly service: string
  /** The kit's own sync of the same tables, where it has the address of the service's database too. */
  readonly full: CapabilitySync | undefined
}

/**
 * The sync of a capability whose service applies for itself. What needs a look into the service's database is done where the kit has its
 * address, and refused with the reason where it has not.
 */
export function createSourceSync(options: SourceSyncOptions): CapabilitySync {
  const { capability, tables, monolith, service, full, queue, report } = options
  const inTurn = createTurns()
  let opened: Promise<SyncDatabase> | undefined
  let carrying: Transport | undefined
  let wanted: SyncOrder | undefined
  let current: { readonly epoch: number; readonly parts: SourceParts } | undefined
  let failure: string | undefined
  let retry: NodeJS.Timeout | undefined
  let stopped = false

  async function claimOf(): Promise<Claim> {
    return { capability, installation: await options.installation() }
  }
  async function transport(): Promise<Transport> {
    const claim = await claimOf()
    carrying ??= createTransport({ ...claim, direction: 'forward', server: queue, report })
    return carrying
  }
  async function source(): Promise<SyncDatabase> {
    opened ??= openSide(monolith, report)
    try {
      return await opened
    } catch (error) {
      opened = undefined
      throw error
    }
  }
  async function readRoutes(): Promise<CheckedTables['routes']['forward']> {
    const notice = await (await transport()).readNotice()
    if (notice === undefined) throw silent(capability)
    const pair = {
      monolith: await source(),
      service: describeDatabase(notice),
      schemaOf: (_side: unknown, schema: string | undefined) => schemaOf(monolith.url, schema),
      stop: async () => undefined,
    }
    const addresses = { monolith, service: { side: service, url: monolith.url } }
    return refuseBlocked(capability, await checkTables(pair, tables, addresses)).forward
  }
  async function endCurrent(): Promise<void> {
    const ending = current
    current = undefined
    await ending?.parts.stop()
  }
  async function settle(): Promise<void> {
    const order = stopped || wanted === undefined || isReverse(wanted) ? undefined : wanted
    if (current !== undefined && order?.epoch !== current.epoch) await endCurrent()
    const mayStart = order?.state === 'running'
    if (order !== undefined && current === undefined && mayStart) {
      const claim = await claimOf()
      const ends = { transport: await transport(), source: await source(), routes: await readRoutes() }
      await claimDatabases([ends.source], claim)
      const basis = { ...options, ...claim, ...ends, order }
      current = { epoch: order.epoch, parts: await startSourceParts(basis) }
    }
    if (mayStart) await current?.parts.resume()
    else await current?.parts.pause()
    if (wanted !== undefined && isReverse(wanted) && full === undefined)
      throw unseen(capability, service, 'carry changes back')
    failure = undefined
  }
  function trySettle(): void {
    clearTimeout(retry)
    inTurn(settle).catch((error: unknown) => {
      const said = error instanceof Error ? error.message : String(error)
      if (said !== failure) report(`sync.${capability}`, error)
      failure = said
      if (!stopped) retry = setTimeout(trySettle, RETRY_MS)
    })
  }
  const seen = (what: string): CapabilitySync => {
    if (full === undefined) throw unseen(capability, service, what)
    return full
  }

  return {
    install: (course, choice) =>
      full?.install(course, choice) ??
      inTurn(async () => {
        const routes = await readRoutes()
        const [monolith, claim] = [await source(), await claimOf()]
        if (choice?.takeOver !== true) await refuseForeign([monolith], claim)
        await prepareSource(monolith, { capability, routes })
        await claimDatabases([monolith], claim, choice)
      }),
    async uninstall() {
      wanted = undefined
      await inTurn(settle)
      if (full !== undefined) return full.uninstall()
      await refuseForeign([await source()], await claimOf())
      await inTurn(async () => clearSource(await source(), { capability, tables, url: monolith.url }))
    },
    follow(order) {
      wanted = order
      full?.follow(order !== undefined && isReverse(order) ? order : undefined)
      trySettle()
    },
    async status(course) {
      if (isReverse(course)) return seen('show its state').status(course)
      const status = await readStatus(await source(), await readRoutes(), current?.parts)
      const notice = await (await transport()).readNotice()
      return withNotice(
        { ...status, failure, health: undefined, strayWrites: [], verification: undefined },
        { notice, isSeen: full !== undefined },
      )
    },
    verify: async (course) => seen('compare rows').verify(course),
    repair: async (course) => seen('repair rows').repair(course),
    hurry() {
      current?.parts.wake()
      return current === undefined ? full?.hurry() : { keys: current.parts.recentKeys(), problems: [] }
    },
    async handOver(to) {
      const handOver = await seen('move the ownership, nor bring it back').handOver(to)
      // Back to the monolith it is the kit's own sync that runs.
      if (to === 'monolith') return handOver
      return {
        ...handOver,
        hurry: () => current?.parts.wake(),
        recentKeys: () => current?.parts.recentKeys(),
      }
    },
    explain: async (course, name) => seen('tell where a row is').explain(course, name),
    async stop() {
      stopped = true
      clearTimeout(retry)
      await inTurn(endCurrent)
      await Promise.all([carrying?.stop(), full?.stop()])
      await (await opened?.catch(() => undefined))?.stop()
    },
  }
}

const isReverse = (course: Parameters<CapabilitySync['install']>[0]) => directionOf(course) === 'reverse'

async function readStatus(
  source: SyncDatabase,
  routes: CheckedTables['routes']['forward'],
  parts: SourceParts | undefined,
): Promise<Omit<CapabilitySyncStatus, 'failure' | 'health' | 'strayWrites' | 'verification' | 'quarantine'>> {
  const running = await parts?.status()
  const logged = routes.map((route) => route.source.table)
  const { lagMs, entries } = running?.source ?? (await createLagReader(source, logged)())
  return { runsHere: parts !== undefined, lagMs, entries, running }
}

/** What the applier says, and what nobody here can see. */
function withNotice(
  status: Omit<CapabilitySyncStatus, 'quarantine'>,
  { notice, isSeen }: { notice: ApplierNotice | undefined; isSeen: boolean },
): CapabilitySyncStatus {
  const silentMs = notice === undefined ? undefined : Date.now() - notice.at
  const warnings = [
    ...(silentMs === undefined || silentMs > SILENT_AFTER_MS
      ? ['The service’s applier has not been heard of for more than 10 seconds: changes wait.']
      : []),
    ...(isSeen
      ? []
      : [
          'The kit has no address of the service’s database: rows are carried, and cannot be compared, repaired or explained.',
        ]),
  ]
  const { running } = status
  const shown =
    running === undefined ? undefined : { ...running, warnings: [...running.warnings, ...warnings] }
  return { ...status, running: shown, quarantine: notice?.quarantine ?? [] }
}

function silent(capability: string): StranglerError {
  return new StranglerError(
    'STRANGLER_SYNC_REFUSED',
    `The service of ${capability} applies for itself (\`capabilities.${capability}.applier\`), and its applier has not been heard of: the kit does not know its tables.`,
    { fix: 'Start the service with createSyncApplier on the kit’s queue, then repeat the command.' },
  )
}

function unseen(capability: string, service: string, what: string): StranglerError {
  return new StranglerError(
    'STRANGLER_SYNC_CONFLICT',
    `The kit has no address of the database of ${service}, so for ${capability} it cannot ${what}.`,
    { fix: `Set \`sides.${service}.database\`; the service still applies for itself.` },
  )
}
