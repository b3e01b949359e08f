import type { SyncHeartbeat } from '../core/data-position.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { Side, SyncCourse, SyncOrder } from '../core/words.ts'
import { forgetReleased, keepReleased } from './apply/released.ts'
import type { TraceApply } from './apply/trace-apply.ts'
import { readQuarantine } from './bookkeeping.ts'
import type { WatchStatus } from './capture-watch.ts'
import type { SyncedTable } from './check-tables.ts'
import { type Claim, claimDatabases, refuseForeign } from './claim-database.ts'
import type { TextRow } from './database.ts'
import { type DatabasePair, directionOf, type PairAddresses, rolesOf } from './database-pair.ts'
import { type Explanation, explain } from './explain.ts'
import type { LostDatabase } from './incarnation.ts'
import { installSync, uninstallSync } from './install-sync.ts'
import { keepPair } from './keep-pair.ts'
import { createLagReader } from './lag.ts'
import { nameAbsent } from './name-absent.ts'
import { openHandOver, type SyncHandOver } from './open-hand-over.ts'
import { refuseOutdated } from './outdated-journal.ts'
import { runPreflight } from './preflight/preflight.ts'
import type { RunningStatus } from './running-sync.ts'
import { recordSchema } from './schema-watch.ts'
import { readStrayWrites, type StrayWrites } from './stray-writes.ts'
import { createRunner, currentIn, type Runner } from './sync-runner.ts'
import type { ThrottleSettings } from './throttle.ts'
import type { QueueServer } from './transport.ts'
import { refuseBlocked, usableRoutes } from './usable-routes.ts'
import {
  createVerification,
  type Verification,
  type VerificationBasis,
  type VerificationStatus,
} from './verification.ts'
import type { VerifyReport } from './verify-report.ts'

const QUARANTINE_SHOWN = 20

export interface CapabilitySyncOptions {
  readonly capability: string
  readonly tables: readonly SyncedTable[]
  readonly addresses: PairAddresses
  /** Asks for the id of this installation. @throws StranglerError STRANGLER_CONTROL_DATABASE_UNREACHABLE while nobody knows it */
  readonly installation: () => Promise<string>
  readonly queue: QueueServer
  /** What the sync says of itself while it runs here. */
  readonly onHeartbeat: (heartbeat: SyncHeartbeat) => void
  /** How often the capture is looked at. Default 60,000. */
  readonly watchEveryMs?: number
  /** How late the statistics of its database may be. Default 12,000. */
  readonly statisticsLateMs?: number
  /** Whether the journal, read anew, still has it run this way, and no cut-over is undecided. */
  readonly isCurrent?: (course: SyncCourse) => Promise<boolean>
  /** Whether the journal, read anew, has no sync of it any more, and no cut-over. */
  readonly isEnded?: () => Promise<boolean>
  /** The version of the journal, read anew. */
  readonly readVersion?: () => Promise<number>
  /** Where the service applies for itself: whether it owns, by the journal, read anew. */
  readonly appliesAsOwner?: () => Promise<boolean>
  /** Another epoch must begin, with a backfill. */
  readonly onLost?: (order: SyncOrder, lost: LostDatabase) => void
  /** As `Verification` has it. */
  readonly onVerified?: (report: VerifyReport, epoch: number) => void
  /** When a backfill waits. */
  readonly throttle?: ThrottleSettings
  /** Makes a span of each job that is applied here. */
  readonly traceApply?: TraceApply
  readonly report: ReportError
}

export interface CapabilitySyncStatus {
  /** Whether its ends run in this process. */
  readonly runsHere: boolean
  /** Age of the oldest change that the target has not got, and how many there are. */
  readonly lagMs: number
  readonly entries: number
  readonly running: RunningStatus | undefined
  /** `tbl, key, version, error, attempts`, the most tried first. */
  readonly quarantine: readonly TextRow[]
  /** Writes that a guard in `report` has let pass, in the database that does not own the tables. */
  readonly strayWrites: readonly StrayWrites[]
  /** Why it does not run although it should; tried again every two seconds. */
  readonly failure: string | undefined
  /** Whether every change is still captured; undefined when it does not run here. */
  readonly health: WatchStatus | undefined
  readonly verification: VerificationStatus | undefined
}

export interface InstallChoice {
  /** Also where the databases are another installation's: from now on they are this one's. */
  readonly takeOver?: boolean
}

/** The sync of one capability: puts itself into both databases, takes itself out, and runs as the journal says. */
export interface CapabilitySync extends Stoppable {
  /**
   * Capture where the writes are, guards and the kit's memory where they are not; what is there already stays.
   * @throws StranglerError STRANGLER_SYNC_REFUSED with `details.findings`; STRANGLER_SYNC_FOREIGN, STRANGLER_SYNC_OUTDATED
   */
  install(course: SyncCourse, options?: InstallChoice): Promise<void>
  /** Stops what runs here, then leaves both databases as they were before `install`, with the copied rows. */
  uninstall(): Promise<void>
  /** Runs, pauses or stops; returns at once and tries until it is so. */
  follow(order: SyncOrder | undefined): void
  /** @throws StranglerError STRANGLER_SYNC_DATABASE_UNREACHABLE, or the database's error when it is not installed */
  status(course: SyncCourse): Promise<CapabilitySyncStatus>
  /** Begins to compare all rows; false when that runs already. Of a paused sync too: what has changed since then is left as in flight. */
  verify(order: SyncOrder): Promise<boolean>
  /** Brings rows that the newest `verify` of this process has found to what the source has. */
  repair(course: SyncCourse): ReturnType<Verification['repair']>
  /** Carries what is left without waiting for the next round, and says what it has carried; undefined where it does not run here. */
  hurry(): CarriedLately | undefined
  /** What a cut-over to this side does to the two databases, over connections of its own. @throws as `install` does */
  handOver(to: Side): Promise<SyncHandOver>
  /** @param name the table as the monolith calls it */
  explain(course: SyncCourse, name: { readonly table: string; readonly key: string }): Promise<Explanation>
}

/** What only the process that runs a sync knows of it. */
export interface CarriedLately {
  readonly keys: Map<string, string[]>
  readonly problems: readonly string[]
}

/** What was sent before the pause is applied by then; nothing else comes, however long one waits. */
const PAUSED_PATIENCE_MS = 2_000

export function createCapabilitySync(options: CapabilitySyncOptions): CapabilitySync {
  const { capability, tables } = options
  const pairs = keepPair(options)
  const runner = createRunner(options, pairs)
  const verification = createVerification(options)
  const basisOf = async (course: SyncCourse): Promise<VerificationBasis> => {
    const pair = await pairs.open()
    const direction = directionOf(course)
    const routes = (await usableRoutes(options, pair))[direction]
    return { ...rolesOf(pair, direction), epoch: course.epoch, direction, routes }
  }
  const claimOf = async (): Promise<Claim> => ({ capability, installation: await options.installation() })
  const refuseOthers = async ({ monolith, service }: DatabasePair) => {
    await refuseForeign([monolith, service], await claimOf())
  }
  const named = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw await nameAbsent(error, await pairs.open(), options.addresses)
    }
  }
  const inTurn = (step: () => Promise<void>) => named(runner.inTurn(step))
  return {
    install: (course, choice) =>
      inTurn(async () => {
        const pair = await pairs.open()
        const direction = directionOf(course)
        const checked = await runPreflight({ ...options, pair, direction })
        const roles = rolesOf(pair, direction)
        const routes = refuseBlocked(capability, checked)[direction]
        if (choice?.takeOver !== true) await refuseOthers(pair)
        const [claim, databases] = [await claimOf(), [pair.monolith, pair.service] as const]
        await refuseOutdated({ ...options, ...choice, databases, claim, epoch: course.epoch })
        if (direction === 'forward') await forgetReleased(pair.service, capability)
        await installSync(roles, routes, currentIn(options, course))
        await claimDatabases(databases, claim, choice)
        if (await recordSchema({ ...roles, capability, direction, routes })) await runner.renew()
      }),
    async uninstall() {
      await Promise.all([verification.stop(), runner.end()])
      await inTurn(async () => {
        const pair = await pairs.open()
        await refuseOthers(pair)
        if ((await options.appliesAsOwner?.()) === true) await keepReleased(pair.service, await claimOf())
        else await forgetReleased(pair.service, capability)
        await uninstallSync(pair, { capability, tables, isEnded: options.isEnded })
      })
    },
    follow: runner.follow,
    status: (course) => named(readStatus(basisOf(course), runner, verification)),
    verify: async (order) => {
      const patience = order.state === 'paused' ? { patienceMs: PAUSED_PATIENCE_MS } : {}
      return verification.start({ ...(await named(basisOf(order))), ...patience })
    },
    async repair(course) {
      await named(refuseOthers(await pairs.open()))
      return verification.repair(await named(basisOf(course)))
    },
    hurry() {
      const sync = runner.current()
      sync?.wake()
      return sync && { keys: sync.recentKeys(), problems: runner.health()?.problems ?? [] }
    },
    handOver: (to) => openHandOver(options, runner, to),
    async explain(course, { table, key }) {
      const basis = await named(basisOf(course))
      const there = tables.find((known) => known.table === table)?.as ?? table
      return explain(basis, { table: basis.direction === 'forward' ? table : there, key })
    },
    async stop() {
      await Promise.all([verification.stop(), runner.stop()])
      await pairs.stop()
    },
  }
}

async function readStatus(
  basis: Promise<VerificationBasis>,
  runner: Runner,
  verification: Verification,
): Promise<CapabilitySyncStatus> {
  const { source, target, routes } = await basis.catch((error: unknown) => {
    // What the sync itself has found says more than that the tables do not fit.
    throw runner.failure() === undefined ? error : new Error(runner.failure())
  })
  const sync = runner.current()
  const names = routes.map((route) => route.target.table.name)
  const [running, strayWrites, quarantine] = await Promise.all([
    sync?.status(),
    readStrayWrites(target, names),
    target.query(readQuarantine(target.dialect.name, names, QUARANTINE_SHOWN)),
  ])
  // Where the ends run elsewhere, or not at all, the log tells.
  const logged = routes.map((route) => route.source.table)
  const { lagMs, entries } = running?.source ?? (await createLagReader(source, logged)())
  return {
    ...{ runsHere: sync !== undefined, lagMs, entries, running, quarantine, strayWrites },
    ...{ failure: runner.failure(), health: runner.health(), verification: verification.status() },
  }
}
