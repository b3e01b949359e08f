import { sayWithFix } from '../core/errors.ts'
import type { Stoppable } from '../core/ports.ts'
import type { SyncCourse, SyncOrder } from '../core/words.ts'
import type { CapabilitySyncOptions } from './capability-sync.ts'
import { type CaptureWatch, createCaptureWatch, type WatchStatus } from './capture-watch.ts'
import { claimDatabases } from './claim-database.ts'
import { type DatabasePair, directionOf, rolesOf } from './database-pair.ts'
import { fenceTarget, type InstallOptions } from './install-sync.ts'
import type { PairKeeper } from './keep-pair.ts'
import { type RunningSync, startRunningSync } from './running-sync.ts'
import { findSchemaChange } from './schema-watch.ts'
import { usableRoutes } from './usable-routes.ts'

const RETRY_MS = 2_000

/** Makes what runs the same as what the journal wants. */
export interface Runner extends Stoppable {
  follow(order: SyncOrder | undefined): void
  /** Stops what runs; a later order starts it again. */
  end(): Promise<void>
  /** To be called in turn: what runs was made for tables that are other ones now, so it starts anew. */
  renew(): Promise<void>
  current(): RunningSync | undefined
  /** How sound the capture of what runs is. */
  health(): WatchStatus | undefined
  /** Why it does not run although it should. */
  failure(): string | undefined
  /** One step after the other: nothing is installed while something starts. */
  inTurn<T>(step: () => Promise<T>): Promise<T>
}

interface Running {
  readonly epoch: number
  readonly sync: RunningSync
  readonly watch: CaptureWatch
}

/** Makes what runs the same as what is wanted, and goes on trying. */
export function createRunner(options: CapabilitySyncOptions, pairs: PairKeeper): Runner {
  let wanted: SyncOrder | undefined
  let current: Running | undefined
  let failure: string | undefined
  let retry: NodeJS.Timeout | undefined
  let stopped = false
  const inTurn = createTurns()

  async function settle(): Promise<void> {
    if (current !== undefined && (stopped || wanted?.epoch !== current.epoch)) await endCurrent()
    const order = stopped ? undefined : wanted
    const mayStart = order?.state === 'running'
    if (order !== undefined && current === undefined && mayStart) {
      current = await begin(options, await pairs.open(), { order, onSchema: trySettle })
    } else if (mayStart && current?.watch.schemaChange() !== undefined) await current.watch.look()
    const change = current?.watch.schemaChange()
    if (mayStart && change === undefined) await current?.sync.resume()
    else await current?.sync.pause()
    failure = undefined
    if (mayStart && change !== undefined) throw change
  }

  async function endCurrent(): Promise<void> {
    const ending = current
    current = undefined
    await Promise.all([ending?.watch.stop(), ending?.sync.stop()])
  }

  function trySettle(): void {
    clearTimeout(retry)
    inTurn(settle).catch((error: unknown) => {
      const said = sayWithFix(error)
      // The same failure every two seconds tells nothing new.
      if (said !== failure) options.report(`sync.${options.capability}`, error)
      failure = said
      if (!stopped) retry = setTimeout(trySettle, RETRY_MS)
    })
  }

  return {
    inTurn,
    follow(order) {
      wanted = order
      trySettle()
    },
    async end() {
      wanted = undefined
      await inTurn(settle)
    },
    async renew() {
      await endCurrent()
      trySettle()
    },
    current: () => current?.sync,
    health: () => current?.watch.status(),
    failure: () => failure,
    async stop() {
      stopped = true
      clearTimeout(retry)
      await inTurn(settle)
    },
  }
}

/** Nothing is sent before it is known that the tables are those that the triggers were made for. */
async function begin(
  options: CapabilitySyncOptions,
  pair: DatabasePair,
  { order, onSchema }: { order: SyncOrder; onSchema: () => void },
): Promise<Running> {
  const installation = await options.installation()
  const direction = directionOf(order)
  const routes = (await usableRoutes(options, pair))[direction]
  const installed = { ...options, ...rolesOf(pair, direction), installation, direction, routes }
  const watch = createCaptureWatch({
    ...installed,
    epoch: order.epoch,
    everyMs: options.watchEveryMs,
    statisticsLateMs: options.statisticsLateMs,
    onSchema,
  })
  const change = await findSchemaChange(installed)
  if (change !== undefined) throw change
  await claimDatabases([pair.monolith, pair.service], installed)
  await fenceTarget(installed, routes, currentIn(options, order))
  const sync = await startRunningSync({
    ...{ ...installed, order, isSound: watch.isSound },
    onLost: (lost) => options.onLost?.(order, lost),
  })
  watch.start()
  return { epoch: order.epoch, sync, watch }
}

/** What is asked right before guards are changed. */
export function currentIn(
  { capability, tables, isCurrent }: CapabilitySyncOptions,
  course: SyncCourse,
): InstallOptions {
  return { capability, tables, ...(isCurrent === undefined ? {} : { isCurrent: () => isCurrent(course) }) }
}

/** One step after the other. */
export function createTurns(): Runner['inTurn'] {
  let last: Promise<unknown> = Promise.resolve()
  return (step) => {
    const turn = last.then(step)
    last = turn.catch(() => undefined)
    return turn
  }
}
