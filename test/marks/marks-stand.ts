import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { LocalPosition, MarkStore } from '../../strangler/core/data-position.ts'
import { createProxyServer, type ProxyServer } from '../../strangler/proxy/proxy-server.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { EMPTY_STATE } from '../../strangler/routing/fold-journal.ts'
import { createPositionKeeper, type PositionKeeper } from '../../strangler/state/position-keeper.ts'
import { type CapabilitySync, createCapabilitySync } from '../../strangler/sync/capability-sync.ts'
import { LONGEST_WAIT_MS, type SyncedShop, startSyncedShop } from './synced-shop.ts'

export interface MarksStand {
  readonly shop: SyncedShop
  readonly keeper: PositionKeeper
  readonly sync: CapabilitySync
  /** Whether heartbeats reach the proxies. */
  hearing: boolean
  /** Starts a proxy; twins get another position. */
  openProxy(options?: ProxyTwist): Promise<string>
  stop(): Promise<void>
}

/** What a test's proxy has that is not as usual. */
interface ProxyTwist {
  readonly position?: LocalPosition
  readonly store?: MarkStore
  /** How wrong its host's clock is. */
  readonly skewMs?: number
}

const ORDER = { epoch: 1, state: 'running', backfill: true } as const

/** A running sync that is filled, and as many proxies as a test wants, wired as the kit does. */
export async function startMarksStand(): Promise<MarksStand> {
  const directory = await mkdtemp(join(tmpdir(), 'strangler-marks-'))
  const shop = await startSyncedShop(directory, {
    capability: { unit: { header: 'x-user', claim: 'sub' } },
  })
  const { config } = shop
  const keeper = createPositionKeeper(() => performance.now())
  keeper.follow({ syncs: { stock: ORDER } })
  const proxies: ProxyServer[] = []
  const sync = createCapabilitySync({
    capability: 'stock',
    installation: async () => 'test',
    tables: [{ table: 'stock' }],
    addresses: {
      monolith: { side: 'monolith', url: config.sides['monolith']?.database ?? '' },
      service: { side: 'stock', url: config.sides['stock']?.database ?? '' },
    },
    queue: { kind: 'postgres', url: shop.controlUrl },
    onHeartbeat: (heartbeat) => stand.hearing && keeper.hear(heartbeat),
    report: () => undefined,
  })
  const stand: MarksStand = {
    ...{ shop, keeper, sync },
    hearing: true,
    async openProxy({ position = keeper, store, skewMs = 0 } = {}) {
      const proxy = createProxyServer({
        config,
        table: compileTable(config, EMPTY_STATE),
        secret: Buffer.alloc(32, 9),
        position,
        clock: () => Date.now() + skewMs,
        // What the exchange of positions does between processes.
        onUnstoredMark: (capability) => {
          for (const other of proxies) if (other !== proxy) other.context.marks?.holdAll(capability)
        },
        ...(store === undefined ? {} : { markStore: store }),
      })
      proxies.push(proxy)
      const { port } = await proxy.listen(0, '127.0.0.1')
      return `http://127.0.0.1:${port}`
    },
    async stop() {
      await Promise.all(proxies.map((proxy) => proxy.stop({ drainMs: 0 })))
      await sync.stop()
      await shop.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
  await sync.install(ORDER)
  sync.follow(ORDER)
  await until(() => keeper.lagMs('stock') !== undefined)
  return stand
}

export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const giveUpAt = Date.now() + LONGEST_WAIT_MS; !(await holds()); await delay(20))
    if (Date.now() > giveUpAt) throw new Error('It did not become so in time')
}
