import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type AdminClient, createAdminClient } from '../../strangler/admin/admin-client.ts'
import { type Kit, type KitOptions, startKit } from '../../strangler/kit.ts'
import { until } from './marks-stand.ts'
import { createShopper, createShoppers } from './shoppers.ts'
import { type SyncedShop, startSyncedShop, whileHeld } from './synced-shop.ts'

const TOKEN = 'operator-token-for-the-marks'
const SOON = { timeout: 30_000, interval: 100 }
const SLOW_MS = 120_000
const ENDPOINT = 'GET /stock/:id'
let folder: string
let shop: SyncedShop
let syncKit: Kit
let proxyKits: Kit[]
let admin: AdminClient

const open = (name: string, options: KitOptions): Promise<Kit> =>
  startKit(
    { ...shop.config, directory: join(folder, name) },
    { proxyPort: 0, adminPort: 0, logFile: join(folder, `${name}.log`), ...options },
  )

beforeAll(async () => {
  // Marks are kept in the control database then.
  vi.stubEnv('STRANGLER_NO_REDIS', '1')
  vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
  vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-the-marks')
  folder = await mkdtemp(join(tmpdir(), 'strangler-apart-'))
  shop = await startSyncedShop(folder, {
    capability: {
      endpoints: [ENDPOINT, 'PUT /stock/:id'],
      unit: { header: 'x-user', claim: 'sub' },
    },
  })
  syncKit = await open('sync', { role: 'sync' })
  proxyKits = [await open('one', { role: 'proxy' }), await open('two', { role: 'proxy' })]
  admin = createAdminClient({ url: proxyKits[0]?.adminUrl ?? '', token: TOKEN })
}, SLOW_MS)
afterAll(async () => {
  await Promise.all([...proxyKits, syncKit].map((kit) => kit.stop()))
  await shop.stop()
  await rm(folder, { recursive: true, force: true })
})

const urlOf = (at: number) => proxyKits[at]?.proxyUrl ?? ''
const nobody = createShopper(400, { 'x-user': 'nobody' })
const version = async () => (await admin.routes()).version
const toggle = async (endpoint: string, percent: number) =>
  admin.setRoute({ endpoint, mode: 'canary', percent, expectedVersion: await version() })
const command = async (change: 'install' | 'backfill') =>
  admin.changeSync(change, { capability: 'stock', expectedVersion: await version() })

test(
  'reads may be sent to the copy as soon as it is filled and kept, and not before; writes never',
  async () => {
    await expect(toggle(ENDPOINT, 100)).rejects.toMatchObject({
      code: 'STRANGLER_TOGGLE_REFUSED',
      fix: expect.stringContaining('strangler sync install stock'),
    })
    await command('install')
    await expect(toggle(ENDPOINT, 100)).rejects.toMatchObject({
      fix: expect.stringContaining('strangler sync backfill stock'),
    })
    await command('backfill')
    await until(() =>
      toggle(ENDPOINT, 100).then(
        () => true,
        () => false,
      ),
    )
    await expect(toggle('PUT /stock/:id', 1)).rejects.toMatchObject({
      message: expect.stringContaining('split'),
    })
    expect((await admin.routes()).routes.find(({ endpoint }) => endpoint === ENDPOINT)).toMatchObject({
      override: { unsafe: false },
    })
  },
  SLOW_MS,
)

test(
  'proxies that share the control database only hear how far the sync is, and of each other’s writers',
  async () => {
    await until(async () => (await nobody.read(urlOf(1))).reason === 'SPLIT')
    const stale: string[] = []
    const runs = () =>
      createShoppers(12).map(async (shopper, at) => {
        for (let round = 1; round <= 4; round += 1) {
          const quantity = at * 100 + round
          await shopper.write(urlOf(round % 2), quantity)
          const answer = await shopper.read(urlOf((round + 1) % 2))
          if (answer.quantity !== quantity) stale.push(`${at}: ${answer.reason}`)
        }
      })
    await whileHeld(shop, () => Promise.all(runs()))
    expect(stale).toEqual([])
    // A busy machine may have heard of no copy while they read; whoever writes on one proxy is known at the other as soon as it does.
    const writer = createShopper(13, { 'x-user': 'known' })
    const readAfterWrite = () =>
      whileHeld(shop, async () => {
        await writer.write(urlOf(0), 1_313)
        return (await writer.read(urlOf(1))).reason
      })
    await until(async () => {
      await until(async () => (await nobody.read(urlOf(1))).reason === 'SPLIT')
      return (await readAfterWrite()) === 'READ_YOUR_WRITES'
    })
    await until(async () => (await nobody.read(urlOf(0))).reason === 'SPLIT')
    const metrics = async () => (await fetch(`${proxyKits[1]?.adminUrl}/metrics`)).text()
    for (const line of [
      /^strangler_sync_lag_seconds\{capability="stock"\} \d/m,
      /^strangler_sync_heartbeat_age_seconds\{capability="stock"\} [01]/m,
      /^strangler_requests_total\{.*reason="READ_YOUR_WRITES".*\} [1-9]/m,
    ])
      await expect.poll(metrics, SOON).toMatch(line)
  },
  SLOW_MS,
)

test(
  'a sync that is gone leaves all reads with the owner within seconds, and with the sync they come back',
  async () => {
    await syncKit.stop()
    const began = performance.now()
    await until(async () => (await nobody.read(urlOf(0))).reason === 'STALE')
    await until(async () => (await nobody.read(urlOf(1))).reason === 'STALE')
    expect(performance.now() - began).toBeLessThan(6_000)
    const writer = createShopper(7, { 'x-user': 'late' })
    await writer.write(urlOf(0), 4_711)
    syncKit = await open('sync', { role: 'sync' })
    await until(async () => {
      const answer = await writer.read(urlOf(1))
      expect(answer.quantity).toBe(4_711)
      return answer.side === 'stock'
    })
  },
  SLOW_MS,
)
