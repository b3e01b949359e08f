import type pg from 'pg'
import { vi } from 'vitest'
import type { SyncOrder } from '../../../strangler/core/words.ts'
import {
  type CapabilitySync,
  type CapabilitySyncOptions,
  type CapabilitySyncStatus,
  createCapabilitySync,
} from '../../../strangler/sync/capability-sync.ts'
import { createTestDatabase, openPool } from '../../support/postgres.ts'

/** A sync whose capture is looked at five times a second, from some monolith to a PostgreSQL. */
export interface WatchedPair {
  readonly sync: CapabilitySync
  readonly service: pg.Pool
  /** A new epoch that copies all rows. */
  backfill(): SyncOrder
  status(): Promise<CapabilitySyncStatus>
  /** Until the status is so. */
  until(isSo: (status: CapabilitySyncStatus) => void): Promise<void>
  stop(): Promise<void>
}

export async function openWatchedPair(
  monolithUrl: string,
  options: Partial<CapabilitySyncOptions> & Pick<CapabilitySyncOptions, 'tables'>,
): Promise<WatchedPair> {
  const [target, control] = await Promise.all(['watched_target', 'watched_control'].map(createTestDatabase))
  const service = openPool(target?.url ?? '')
  const sync = createCapabilitySync({
    capability: 'stock',
    installation: async () => 'test',
    addresses: {
      monolith: { side: 'monolith', url: monolithUrl },
      service: { side: 'stock', url: target?.url ?? '' },
    },
    queue: { kind: 'postgres', url: control?.url ?? '' },
    watchEveryMs: 200,
    statisticsLateMs: 3_000,
    onHeartbeat: () => undefined,
    report: () => undefined,
    ...options,
  })
  let order: SyncOrder = { epoch: 1, state: 'running' }
  const status = () => sync.status(order)
  return {
    sync,
    service,
    backfill() {
      order = { epoch: order.epoch + 1, state: 'running', backfill: true }
      sync.follow(order)
      return order
    },
    status,
    until: (isSo) => vi.waitFor(async () => isSo(await status()), { timeout: 40_000, interval: 100 }),
    async stop() {
      await sync.stop()
      await service.end()
      await Promise.all([target?.drop(), control?.drop()])
    },
  }
}
