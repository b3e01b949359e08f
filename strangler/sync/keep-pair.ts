import type { Stoppable } from '../core/ports.ts'
import type { CapabilitySyncOptions } from './capability-sync.ts'
import { type DatabasePair, openPair } from './database-pair.ts'

export type PairKeeper = Stoppable & { open(): Promise<DatabasePair> }

/** Opens the databases when they are first needed. */
export function keepPair({ addresses, report }: CapabilitySyncOptions): PairKeeper {
  let pair: Promise<DatabasePair> | undefined
  return {
    async open() {
      pair ??= openPair(addresses, report)
      try {
        return await pair
      } catch (error) {
        pair = undefined
        throw error
      }
    },
    async stop() {
      const opened = await pair?.catch(() => undefined)
      await opened?.stop()
    },
  }
}
