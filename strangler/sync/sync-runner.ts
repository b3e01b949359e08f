import type { SyncCourse, SyncOrder } from '../core/words.ts'
import type { CapabilitySyncOptions } from './capability-sync.ts'
import { type CaptureWatch, createCaptureWatch, type WatchStatus } from './capture-watch.ts'
import { claimDatabases } from './claim-database.ts'
import { type DatabasePair, directionOf, rolesOf } from './database-pair.ts'
import { drawMissingLots } from './fencing-token.ts'
import { createFollower, type Follower } from './follower.ts'
import { fenceTarget, type InstallOptions } from './install-sync.ts'
import type { PairKeeper } from './keep-pair.ts'
import { type RunningSync, startRunningSync } from './running-sync.ts'
import { findSchemaChange } from './schema-watch.ts'
import { usableRoutes } from './usable-routes.ts'

/** Makes what runs the same as what the journal wants. */
export interface Runner extends Follower {
  /** To be called in turn: what runs was made for tables that are other ones now, so it starts anew. */
  renew(): Promise<void>
  current(): RunningSync | undefined
  /** How sound the capture of what runs is. */
  health(): WatchStatus | undefined
}

interface Running {
  readonly epoch: number
  readonly sync: RunningSync
  readonly watch: CaptureWatch
}

/** Makes what runs the same as what is wanted, and goes on trying. */
export function createRunner(options: CapabilitySyncOptions, pairs: PairKeeper): Runner {
  let current: Running | undefined

  async function settle(order: SyncOrder | undefined): Promise<void> {
    if (current !== undefined && order?.epoch !== current.epoch) await endCurrent()
    const mayStart = order?.state === 'running'
    if (order !== undefined && current === undefined && mayStart) {
      current = await begin(options, await pairs.open(), { order, onSchema: follower.look })
    } else if (mayStart && current?.watch.schemaChange() !== undefined) await current.watch.look()
    const change = current?.watch.schemaChange()
    if (mayStart && change === undefined) await current?.sync.resume()
    else await current?.sync.pause()
    if (mayStart && change !== undefined) throw change
  }

  async function endCurrent(): Promise<void> {
    const ending = current
    current = undefined
    await Promise.all([ending?.watch.stop(), ending?.sync.stop()])
  }

  const follower = createFollower({
    settle,
    onFailure: (error) => options.report(`sync.${options.capability}`, error),
  })
  return {
    ...follower,
    async renew() {
      await endCurrent()
      follower.look()
    },
    current: () => current?.sync,
    health: () => current?.watch.status(),
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
  await drawMissingLots([pair.monolith, pair.service], options.capability)
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
  { capability, tables, isCurrent }: Pick<CapabilitySyncOptions, 'capability' | 'tables' | 'isCurrent'>,
  course: SyncCourse,
): InstallOptions {
  return { capability, tables, ...(isCurrent === undefined ? {} : { isCurrent: () => isCurrent(course) }) }
}
