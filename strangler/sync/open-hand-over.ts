import type { Stoppable } from '../core/ports.ts'
import type { TriedTable } from '../core/sync-words.ts'
import type { Side } from '../core/words.ts'
import type { CapabilitySyncOptions } from './capability-sync.ts'
import type { WatchStatus } from './capture-watch.ts'
import { carryOnTrial } from './carry-on-trial.ts'
import { refuseForeign } from './claim-database.ts'
import { openPair, rolesOf } from './database-pair.ts'
import { createHandOver, type HandOver } from './hand-over.ts'
import type { Runner } from './sync-runner.ts'
import { usableRoutes } from './usable-routes.ts'

/** With what this process knows of the sync that runs. */
export interface SyncHandOver extends Omit<HandOver, 'tryWayBack'>, Stoppable {
  tryWayBack(deadline: number): Promise<TriedTable[]>
  hurry(): void
  /** Undefined where the sync runs elsewhere. */
  recentKeys(): Map<string, string[]> | undefined
  health(): WatchStatus | undefined
}

/** Over connections of its own, which `stop` ends. @throws StranglerError STRANGLER_SYNC_REFUSED, STRANGLER_SYNC_FOREIGN */
export async function openHandOver(
  options: CapabilitySyncOptions,
  runner: Pick<Runner, 'current' | 'health'>,
  to: Side,
): Promise<SyncHandOver> {
  const { capability, tables } = options
  const pair = await openPair(options.addresses, options.report)
  try {
    const claim = { capability, installation: await options.installation() }
    await refuseForeign([pair.monolith, pair.service], claim)
    const { forward, reverse } = await usableRoutes(options, pair)
    const [routes, back] = to === 'service' ? [forward, reverse] : [reverse, forward]
    const roles = rolesOf(pair, to === 'service' ? 'forward' : 'reverse')
    const handOver = await createHandOver({ ...claim, ...roles, routes, tables, back })
    return {
      ...handOver,
      tryWayBack: (deadline) =>
        carryOnTrial({ ...options, ...claim }, (carry) => handOver.tryWayBack(deadline, carry)),
      hurry: () => runner.current()?.wake(),
      recentKeys: () => runner.current()?.recentKeys(),
      health: runner.health,
      stop: pair.stop,
    }
  } catch (error) {
    await pair.stop()
    throw error
  }
}
