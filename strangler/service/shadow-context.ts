import { AsyncLocalStorage } from 'node:async_hooks'
import type { DataSource, QueryRunner } from 'typeorm'

/** The shadow request that is being answered. */
export interface ShadowContext {
  /** As the kit has numbered it. */
  readonly id: string
  /** A write, whose transaction will be rolled back. */
  readonly isDryRun: boolean
}

/** What travels with a shadow request. */
export interface ShadowRun extends ShadowContext {
  /** What is run dry; access to it goes over the one connection of the dry run. */
  readonly dataSource?: DataSource
  readonly borrowRunner?: (mode?: 'master' | 'slave') => QueryRunner
}

const storage = new AsyncLocalStorage<ShadowRun>()

/** The shadow request that this code works for; undefined for everybody else's, which is nearly always. */
export function shadowContext(): ShadowContext | undefined {
  return storage.getStore()
}

export const currentRun = (): ShadowRun | undefined => storage.getStore()
export const enterRun = <T>(run: ShadowRun, work: () => T): T => storage.run(run, work)

/**
 * Wraps what reaches beyond the service's own database: a request, a queue, a mail, a listener in memory. For a shadow request it does not
 * run; `standIn` answers in its place.
 */
export function guardEffect<A extends unknown[], R>(
  effect: (...args: A) => R,
  standIn: (...args: A) => R,
): (...args: A) => R
export function guardEffect<A extends unknown[], R>(effect: (...args: A) => R): (...args: A) => R | undefined
export function guardEffect<A extends unknown[], R>(
  effect: (...args: A) => R,
  standIn?: (...args: A) => R,
): (...args: A) => R | undefined {
  return (...args) => (storage.getStore() === undefined ? effect(...args) : standIn?.(...args))
}
