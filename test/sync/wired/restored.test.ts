import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { SyncAnswer } from '../../../strangler/admin/sync-contracts.ts'
import { openClient } from '../../support/postgres.ts'
import { readBoth, type ShopStand, startShop, TOKEN } from './shop-stand.ts'

const SLOW_MS = 90_000
let stand: ShopStand
let server: pg.Client

beforeAll(async () => {
  vi.stubEnv('STRANGLER_NO_REDIS', '1')
  vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
  vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-the-sync')
  stand = await startShop()
  const url = new URL(stand.urls.service)
  url.pathname = '/postgres'
  server = await openClient(url.href)
  await stand.command('install')
  await stand.command('backfill')
  await stand.statusWhen(isFilled)
}, SLOW_MS)
afterAll(async () => {
  await server.end()
  await stand.stop()
})

type Sync = SyncAnswer['syncs'][number]
const isFilled = ({ live }: Sync) =>
  live?.runsHere === true && live.backfill?.state === 'done' && live.entries === 0
const newest = async () => (await stand.admin.history({ limit: 1 })).entries[0]
const verify = async () => {
  await stand.admin.verifySync({ capability: 'stock' })
  return (await stand.statusWhen(({ live }) => live?.verify?.state === 'done')).live?.verify
}

/** A copy of a whole database, as a backup tool makes it, and the same under the old name again. */
async function copyDatabase(from: string, to: string): Promise<void> {
  await server.query(`ALTER DATABASE ${from} ALLOW_CONNECTIONS false`)
  await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${from}'`)
  await vi.waitFor(() => server.query(`CREATE DATABASE ${to} TEMPLATE ${from}`), 30_000)
  await server.query(`ALTER DATABASE ${from} ALLOW_CONNECTIONS true`)
}

const RESTORED = [
  'public.product',
  'public.stock',
  'public.price',
  'strangler.change_log',
  'strangler.change_intake',
  'strangler.sync_state',
  'strangler.checkpoint',
]

/** What a backup holds, kept beside: the server goes on living, so that nothing but the contents tells. */
async function keepContents(): Promise<void> {
  await stand.monolith.query('CREATE SCHEMA kept')
  for (const table of RESTORED)
    await stand.monolith.query(`CREATE TABLE kept.${table.replace('.', '_')} AS TABLE ${table}`)
}

async function restoreContents(): Promise<void> {
  const restores = RESTORED.map(
    (table) => `INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT * FROM kept.${table.replace('.', '_')}`,
  )
  await stand.monolith.query(
    ['BEGIN', 'SET LOCAL session_replication_role = replica', `SET LOCAL strangler.apply = '1'`]
      .concat(
        RESTORED.map((table) => `DELETE FROM ${table}`),
        restores,
        'COMMIT',
      )
      .join('; '),
  )
}

describe('a database that has been restored from an older backup', () => {
  it(
    'as the target is filled anew in another epoch, which the journal tells with its reason',
    async () => {
      const name = new URL(stand.urls.service).pathname.slice(1)
      await copyDatabase(name, `${name}_backup`)
      await stand.monolith.query(`UPDATE stock SET quantity = 77 WHERE id <= 100`)
      await stand.monolith.query(`DELETE FROM product WHERE sku = 'sku-250'`)
      await stand.statusWhen(isFilled)
      const before = await newest()
      await server.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await server.query(`CREATE DATABASE ${name} TEMPLATE ${name}_backup`)
      const filled = await stand.statusWhen((sync) => sync.lost === 'target' && isFilled(sync))
      expect(filled.epoch).toBe((before?.version ?? 0) + 1)
      expect(await newest()).toMatchObject({
        by: 'kit',
        because: expect.stringContaining('restored from a backup'),
        event: { kind: 'sync.started', backfill: true, lost: 'target' },
      })
      // A row that was deleted since has come back with the backup: only a comparison sees it.
      expect(await verify()).toMatchObject({ missing: 0, different: 0 })
      await stand.admin.repairSync({ capability: 'stock' })
      const { here, there } = await readBoth(stand)
      expect(there).toEqual(here)
      await server.query(`DROP DATABASE ${name}_backup`)
    },
    SLOW_MS,
  )

  it(
    'as the source has its log emptied first, whose versions may be ahead of those to come',
    async () => {
      await stand.monolith.query(`UPDATE stock SET quantity = 1 WHERE id = 200`)
      await stand.statusWhen(isFilled)
      await keepContents()
      await stand.monolith.query(
        `INSERT INTO kept.strangler_change_log VALUES (9000000000000000, 'stock', '["200"]', 'U', now(), '', '')`,
      )
      // Until the tokens have been renewed, with what the backup does not have.
      const token = async () =>
        (
          await stand.monolith.query(
            `SELECT incarnation FROM strangler.sync_state WHERE capability = 'stock'`,
          )
        ).rows[0]
      const then = await token()
      await vi.waitFor(
        async () => {
          await stand.monolith.query(`UPDATE stock SET quantity = 2 WHERE id = 200`)
          expect(await token()).not.toEqual(then)
        },
        { timeout: 15_000, interval: 200 },
      )
      await stand.monolith.query(`INSERT INTO product VALUES ('lost', 'Lost', 1)`)
      await stand.statusWhen(isFilled)
      await restoreContents()
      await stand.statusWhen((sync) => sync.lost === 'source' && isFilled(sync))
      await stand.monolith.query(`UPDATE stock SET quantity = 5 WHERE id = 200`)
      await stand.statusWhen(isFilled)
      const { rows } = await stand.service.query('SELECT available FROM level WHERE id = 200')
      expect(rows).toEqual([{ available: 5 }])
      // What the source has lost and the target had: the comparison that is needed now finds it.
      expect(await verify()).toMatchObject({ missing: 0, extra: 1, different: 0 })
      await stand.monolith.query('DROP SCHEMA kept CASCADE')
    },
    SLOW_MS,
  )
})
