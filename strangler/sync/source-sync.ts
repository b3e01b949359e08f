import type { ApplierNotice } from '../core/sync-words.ts'
import type { CapabilitySync, CapabilitySyncOptions, CapabilitySyncStatus } from './capability-sync.ts'
import type { CheckedTables } from './check-tables.ts'
import { claimDatabases, refuseForeign } from './claim-database.ts'
import type { SyncDatabase } from './database.ts'
import type { PairAddresses } from './database-pair.ts'
import { clearSource, prepareSource } from './install-sync.ts'
import { createLagReader } from './lag.ts'
import { refuseOutdated } from './outdated-journal.ts'
import { createSourceAccess, unseen } from './source-access.ts'
import type { SourceParts } from './source-parts.ts'
import { createSourceRunner, isReverse } from './source-runner.ts'
import { currentIn } from './sync-runner.ts'

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
  const { capability, tables, monolith, service, full } = options
  const access = createSourceAccess(options)
  const runner = createSourceRunner(options, access)
  const { inTurn, current } = runner
  const seen = (what: string): CapabilitySync => {
    if (full === undefined) throw unseen(capability, service, what)
    return full
  }

  return {
    install: (course, choice) =>
      full?.install(course, choice) ??
      inTurn(async () => {
        const routes = await access.readRoutes()
        const [monolith, claim] = [await access.source(), await access.claim()]
        if (choice?.takeOver !== true) await refuseForeign([monolith], claim)
        await refuseOutdated({ ...options, ...choice, databases: [monolith], claim, epoch: course.epoch })
        await prepareSource(monolith, routes, currentIn(options, course))
        await claimDatabases([monolith], claim, choice)
      }),
    async uninstall() {
      await runner.end()
      if (full !== undefined) return full.uninstall()
      await refuseForeign([await access.source()], await access.claim())
      const { isEnded } = options
      await inTurn(async () =>
        clearSource(await access.source(), { capability, tables, isEnded, url: monolith.url }),
      )
    },
    follow(order) {
      full?.follow(order !== undefined && isReverse(order) ? order : undefined)
      runner.follow(order)
    },
    async status(course) {
      if (isReverse(course)) return seen('show its state').status(course)
      const status = await readStatus(await access.source(), await access.readRoutes(), current())
      const notice = await (await access.transport()).readNotice()
      return withNotice(
        { ...status, failure: runner.failure(), health: undefined, strayWrites: [], verification: undefined },
        { notice, isSeen: full !== undefined },
      )
    },
    verify: async (course) => seen('compare rows').verify(course),
    repair: async (course) => seen('repair rows').repair(course),
    hurry() {
      const parts = current()
      parts?.wake()
      return parts === undefined ? full?.hurry() : { keys: parts.recentKeys(), problems: [] }
    },
    async handOver(to) {
      const handOver = await seen('move the ownership, nor bring it back').handOver(to)
      // Back to the monolith it is the kit's own sync that runs.
      if (to === 'monolith') return handOver
      return {
        ...handOver,
        hurry: () => current()?.wake(),
        recentKeys: () => current()?.recentKeys(),
      }
    },
    explain: async (course, name) => seen('tell where a row is').explain(course, name),
    async stop() {
      await runner.stop()
      await Promise.all([access.stop(), full?.stop()])
    },
  }
}

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
