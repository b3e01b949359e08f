import type { Stoppable } from '../core/ports.ts'
import type { SyncOrder } from '../core/words.ts'
import type { CapabilitySyncOptions } from './capability-sync.ts'
import { directionOf, rolesOf } from './database-pair.ts'
import type { PairKeeper } from './keep-pair.ts'
import { type RunningSync, startRunningSync } from './running-sync.ts'
import { usableRoutes } from './usable-routes.ts'

const RETRY_MS = 2_000

/** Makes what runs the same as what the journal wants. */
export interface Runner extends Stoppable {
  follow(order: SyncOrder | undefined): void
  /** Stops what runs; a later order starts it again. */
  end(): Promise<void>
  current(): RunningSync | undefined
  /** Why it does not run although it should. */
  failure(): string | undefined
  /** One step after the other: nothing is installed while something starts. */
  inTurn<T>(step: () => Promise<T>): Promise<T>
}

/** Makes what runs the same as what is wanted, and goes on trying. */
export function createRunner(options: CapabilitySyncOptions, pairs: PairKeeper): Runner {
  let wanted: SyncOrder | undefined
  let current: { epoch: number; sync: RunningSync } | undefined
  let failure: string | undefined
  let retry: NodeJS.Timeout | undefined
  let stopped = false
  const inTurn = createTurns()

  async function settle(): Promise<void> {
    if (current !== undefined && (stopped || wanted?.epoch !== current.epoch)) {
      const { sync } = current
      current = undefined
      await sync.stop()
    }
    const order = stopped ? undefined : wanted
    const mayStart = order?.state === 'running'
    if (order !== undefined && current === undefined && mayStart) {
      const pair = await pairs.open()
      const direction = directionOf(order)
      const routes = (await usableRoutes(options, pair))[direction]
      const roles = rolesOf(pair, direction)
      const sync = await startRunningSync({ ...options, ...roles, order, direction, routes })
      current = { epoch: order.epoch, sync }
    }
    if (mayStart) await current?.sync.resume()
    else await current?.sync.pause()
    failure = undefined
  }

  function trySettle(): void {
    clearTimeout(retry)
    inTurn(settle).catch((error: unknown) => {
      const said = error instanceof Error ? error.message : String(error)
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
    current: () => current?.sync,
    failure: () => failure,
    async stop() {
      stopped = true
      clearTimeout(retry)
      await inTurn(settle)
    },
  }
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
