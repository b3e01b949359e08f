import { trace } from '@opentelemetry/api'
import { StranglerError } from '../core/errors.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import { applyInService } from '../sync/apply/apply-in-service.ts'
import {
  openServiceTarget,
  type ServiceTable,
  type ServiceTarget,
} from '../sync/apply/open-service-target.ts'
import { clearTarget, prepareTarget } from '../sync/apply/prepare-target.ts'
import { createApplyTracing } from '../sync/apply/trace-apply.ts'
import { createTransport, type QueueServer } from '../sync/transport.ts'

const ANNOUNCE_EVERY_MS = 2_000

export interface SyncApplierOptions {
  readonly capability: string
  /** The id of the kit's installation, as `strangler sync status` names it: on a shared queue server, whose changes are meant. */
  readonly installation: string
  /** The service's own database: postgres://… or mariadb://… Its user must be allowed to make triggers and the kit's tables. */
  readonly database: string
  /** The tables that the capability owns, by the service's own names. */
  readonly tables: readonly (string | ServiceTable)[]
  /** The kit's queue: its `redis.url`, or without Redis its control database. */
  readonly queue: QueueServer
  readonly report?: ReportError
}

/** Applies a capability's changes inside its service: the kit needs no access to the service's database, nor the service to the monolith's. */
export interface SyncApplier extends Stoppable {
  /**
   * Puts the kit's tables and the guards into the database, then applies.
   * @throws StranglerError STRANGLER_CONFIG_INVALID, STRANGLER_SYNC_FOREIGN, STRANGLER_SYNC_REFUSED, STRANGLER_SYNC_DATABASE_UNREACHABLE; nothing runs then
   */
  start(): Promise<void>
  /** After `strangler sync uninstall`: stops, and leaves the database as it was before the first `start`, with the copied rows. */
  uninstall(): Promise<void>
}

export function createSyncApplier(options: SyncApplierOptions): SyncApplier {
  const { capability, installation, database: url, queue, report = () => undefined } = options
  const tables = options.tables.map((table) => (typeof table === 'string' ? { table } : table))
  const open: Stoppable[] = []
  let turns: Promise<unknown> = Promise.resolve()
  let isRunning = false

  function inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = turns.then(step)
    turns = turn.catch(() => undefined)
    return turn
  }
  async function stopAll(): Promise<void> {
    isRunning = false
    // What takes jobs first, what it writes into last.
    while (open.length > 0) await open.pop()?.stop()
  }
  async function openTarget(): Promise<ServiceTarget> {
    const opened = await openServiceTarget({ capability, url, tables }, report)
    open.push(opened.target)
    return opened
  }
  async function begin(): Promise<void> {
    checkInstallation(installation)
    const { target, readTables } = await openTarget()
    const { isReleased } = await prepareTarget(target, { capability, installation }, await readTables())
    if (isReleased) report('sync.released', released(capability))
    const transport = createTransport({
      ...{ capability, installation, direction: 'forward', server: queue, report },
    })
    open.push(transport)
    // Without a tracer that the service has registered these spans are nothing.
    const traceApply = createApplyTracing(trace.getTracer('strangler-kit'))
    const basis = { capability, installation, target, transport, readTables, report, traceApply }
    open.push(await applyInService({ ...basis, announceEveryMs: ANNOUNCE_EVERY_MS }))
  }

  return {
    start: () =>
      inTurn(async () => {
        if (isRunning) return
        isRunning = true
        try {
          await begin()
        } catch (error) {
          await stopAll()
          throw error
        }
      }),
    stop: () => inTurn(stopAll),
    uninstall: () =>
      inTurn(async () => {
        await stopAll()
        try {
          const { target, readTables } = await openTarget()
          await clearTarget(target, capability, await readTables())
        } finally {
          await stopAll()
        }
      }),
  }
}

function released(capability: string): Error {
  return new Error(
    `The sync of ${capability} was taken out while this service owned: its tables get no guards. Where it is retired, take createSyncApplier out of the service.`,
  )
}

/** From JavaScript, or from an environment that does not say it. */
function checkInstallation(installation: string | undefined): void {
  if (installation) return
  throw new StranglerError(
    'STRANGLER_CONFIG_INVALID',
    'createSyncApplier has no `installation`: on a queue server that several have, it could take the rows of another one.',
    { fix: '`strangler sync status` names it; hand it over as `installation`.' },
  )
}
