import type pg from 'pg'
import { expect, vi } from 'vitest'
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

/** Between two PostgreSQL databases, with five hundred rows that are copied already. */
export interface StockPair extends WatchedPair {
  /** One session of the application. */
  readonly monolith: pg.Pool
  /** In that session, whose statistics are told at once. */
  write(...statements: string[]): Promise<void>
}

/** @param as what the service calls the table `stock` */
export async function openStockPair(name: string, as = 'stock'): Promise<StockPair> {
  const database = await createTestDatabase(name)
  const monolith = openPool(database.url, 1)
  const write = async (...statements: string[]) => {
    for (const sql of [...statements, 'SELECT pg_stat_force_next_flush()']) await monolith.query(sql)
  }
  const pair = await openWatchedPair(database.url, { tables: [{ table: 'stock', as }] })
  await write(
    'CREATE TABLE stock (id int PRIMARY KEY, qty int NOT NULL)',
    'INSERT INTO stock SELECT n, n FROM generate_series(1, 500) n',
  )
  await pair.service.query(`CREATE TABLE ${as} (id int PRIMARY KEY, qty int NOT NULL)`)
  await pair.sync.install({ epoch: 1 })
  pair.backfill()
  await pair.until((status) => {
    expect(status.running?.backfill?.state).toBe('done')
    expect(status.entries).toBe(0)
  })
  return {
    ...pair,
    monolith,
    write,
    async stop() {
      await pair.stop()
      await monolith.end()
      await database.drop()
    },
  }
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
