import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMonolith, type Monolith } from '../../monolith/create-monolith.ts'
import { type AdminClient, createAdminClient } from '../../strangler/admin/admin-client.ts'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { ConfigInput } from '../../strangler/config/schema.ts'
import { StranglerError } from '../../strangler/core/errors.ts'
import { type Kit, startKit } from '../../strangler/kit.ts'
import sample from '../../strangler.config.ts'
import { createHttpClient } from '../sample/http-client.ts'
import { type Running, signIn, startInventory, startShop } from '../sample/sample-shop.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

/**
 * The border of the sample's inventory, as docs/guide/7-cutover.md tells it: the orders take stock in a transaction of their own, and
 * the nightly count writes the table past every endpoint.
 */
const SLOW_MS = 180_000
const TOKEN = 'operator-token-for-the-border'
const NIGHT = { day: 7, nights: 30 }

let shop: Running<Monolith>
let monolith: Monolith
let inventory: Awaited<ReturnType<typeof startInventory>>
let control: TestDatabase
let directory: string
let kit: Kit
let admin: AdminClient
let customer: string
let stopped = false
let ordering: Promise<void>
const answers: number[] = []

type Capability = NonNullable<ConfigInput['capabilities']>[string]

/** The sample's own configuration, with addresses of this run. */
async function startWith(change: (inventory: Capability) => Capability = (same) => same): Promise<void> {
  await kit?.stop()
  const own = sample.capabilities?.['inventory']
  if (own === undefined) throw new Error('The sample has no inventory.')
  const config = checkConfig({
    ...{ demo: true, directory, control: { url: control.url } },
    sides: {
      monolith: { url: shop.url, database: shop.databaseUrl },
      inventory: { url: inventory.url, database: inventory.databaseUrl },
    },
    capabilities: { inventory: change(own) },
    proxy: { accessLog: false },
    // What was seen a few seconds ago has been mended since.
    sync: { coupledForMs: 3_000 },
  })
  kit = await startKit(config, { proxyPort: proxyPort(), adminPort: 0, logFile: join(directory, 'kit.log') })
  admin = createAdminClient({ url: kit.adminUrl ?? '', token: TOKEN })
}
/** The same after a restart: the shop knows it. */
const proxyPort = () => (kit?.proxyUrl === undefined ? 0 : Number(new URL(kit.proxyUrl).port))

beforeAll(async () => {
  process.env['STRANGLER_OPERATOR_TOKEN'] = TOKEN
  shop = await startShop()
  monolith = shop.app
  inventory = await startInventory(shop, { seedFrom: undefined, sweepIntervalMs: 0 })
  control = await createTestDatabase('border_control')
  directory = await mkdtemp(join(tmpdir(), 'strangler-border-'))
  customer = await signIn(shop, 2)
  await startWith()
  ordering = placeOrders()
}, SLOW_MS)
afterAll(async () => {
  stopped = true
  await ordering
  await kit?.stop()
  await monolith.stop()
  await shop.stop()
  await inventory.stop()
  await control.drop()
  await rm(directory, { recursive: true, force: true })
})

/** Customers, through the proxy, all the time. */
async function placeOrders(): Promise<void> {
  for (let turn = 0; !stopped; turn += 1) {
    const client = createHttpClient(kit.proxyUrl ?? '').as(customer)
    const items = [{ sku: `SKU-0000${1 + (turn % 9)}`, quantity: 1 }]
    const headers = { 'idempotency-key': `border-${turn}` }
    await client.post('/api/orders', { items }, headers).then(
      ({ status }) => answers.push(status),
      // Between two kits nobody listens.
      () => undefined,
    )
    await delay(5)
  }
}

async function restartShop(options: object): Promise<void> {
  const port = Number(new URL(shop.url).port)
  await monolith.stop()
  monolith = await createMonolith({
    ...{ databaseUrl: shop.databaseUrl, logLevel: 'silent', rows: 90, reportDelayMs: 0, noise: false },
    ...{ inventoryBaseUrl: kit.proxyUrl, ...options },
  })
  await monolith.start(port)
}

const codesOf = async (code: string): Promise<string[]> => {
  const { capabilities } = await admin.diagnoseSync({ capability: 'inventory' })
  return (capabilities[0]?.findings ?? []).flatMap((one) => (one.code === code ? [one.reason] : []))
}
const couplings = () => codesOf('COUPLED_TRANSACTIONS')
const writers = () => codesOf('WRITER_UNKNOWN')

/** One step; every gate that is closed is passed but those that are named, which must stay shut. @returns what they said */
async function step(
  keepShut: readonly string[] = [],
): Promise<{ id: string; reason: string; fix?: string }[]> {
  const command = { capability: 'inventory', profile: 'demo' as const, because: 'a test of the border' }
  const override: string[] = []
  for (;;) {
    const { version: expectedVersion } = await admin.routes()
    try {
      await admin.migrateNext({ ...command, expectedVersion, override })
      return []
    } catch (error) {
      if (!(error instanceof StranglerError) || error.code !== 'STRANGLER_GATE_CLOSED') throw error
      const gates = error.details?.['gates'] as { id: string; state: string; reason: string; fix?: string }[]
      const closed = gates.filter(({ id, state }) => state !== 'pass' && !override.includes(id))
      const mine = closed.filter(({ id }) => !keepShut.includes(id))
      if (mine.length === 0) return closed
      override.push(...mine.map(({ id }) => id))
    }
  }
}

const stepNow = async () => (await admin.guide({ capability: 'inventory' })).capabilities[0]

test(
  'the coupling is found while orders take stock, and the nightly job is listed as a writer before the cut-over',
  async () => {
    for (let at = await stepNow(); at?.next?.step !== 'cutover'; at = await stepNow()) await step()
    await expect
      .poll(couplings, { timeout: 60_000 })
      .toContainEqual(
        expect.stringMatching(
          /transactions of "shop" change (inventory_stock|stock_movements) together with order/,
        ),
      )
    expect(await writers()).toEqual([])
    expect(await monolith.runNightly(NIGHT)).toBeGreaterThan(0)
    await expect
      .poll(writers, { timeout: 30_000 })
      .toEqual([
        expect.stringMatching(
          /^postgres \(application "shop-nightly"\) has written to inventory_stock: \d+ changes/,
        ),
      ])
  },
  SLOW_MS,
)

test(
  'both block the cut-over, with what they are and what explains them',
  async () => {
    const refused = async () => (await step(['writers-moved'])).map(({ reason, fix }) => `${reason} ${fix}`)
    // What the guide knows of the databases may be a minute old; a look by `strangler doctor` makes it new.
    await expect
      .poll(refused, { timeout: 90_000, interval: 1_000 })
      .toEqual([
        expect.stringMatching(/writers? would fail after the cut-over: .*shop-nightly.*together with/),
      ])
    expect((await refused())[0]).toContain('strangler doctor inventory')
    expect((await stepNow())?.owner).toBe('monolith')
  },
  SLOW_MS,
)

test(
  'switched to the endpoints, the orders are coupled no more; the nightly job alone still blocks',
  async () => {
    await restartShop({ coupling: 'endpoints' })
    answers.length = 0
    await expect.poll(couplings, { timeout: 60_000 }).toEqual([])
    await expect
      .poll(() => answers.filter((status) => status === 201).length, { timeout: 30_000 })
      .toBeGreaterThan(20)
    expect(await couplings()).toEqual([])
    const refused = async () => {
      await couplings()
      return (await step(['writers-moved'])).map(({ reason }) => reason)
    }
    await expect
      .poll(refused, { timeout: 90_000, interval: 1_000 })
      .toEqual([
        expect.stringMatching(
          /^1 writer would fail after the cut-over: postgres \(application "shop-nightly"\)/,
        ),
      ])
  },
  SLOW_MS,
)

test(
  'waived with a reason it passes; then the job fails in `reject`, and no row of the monolith is changed',
  async () => {
    const waive = (own: Capability): Capability => ({
      ...own,
      writers: [
        ...(own.writers ?? []),
        { role: 'postgres', application: 'shop-nightly', because: 'it is switched off tonight' },
      ],
    })
    await startWith(waive)
    await expect.poll(writers, { timeout: 30_000 }).toEqual([])
    // Opens as soon as the sync is running again and every proxy is there.
    await expect
      .poll(
        () =>
          step(['writers-moved']).then(
            (shut) => shut.length,
            (error: Error) => error.message,
          ),
        { timeout: 90_000, interval: 1_000 },
      )
      .toBe(0)
    expect((await stepNow())?.owner).toBe('service')
    const pool = new pg.Pool({ connectionString: shop.databaseUrl })
    const sum = async () =>
      (await pool.query("SELECT sum(qty_on_hand) AS sum FROM inventory_stock WHERE sku = 'SKU-00037'"))
        .rows[0].sum
    const before = await sum()
    await expect(monolith.runNightly(NIGHT)).rejects.toThrow(/strangler/i)
    expect(await sum()).toBe(before)
    await pool.end()
    answers.length = 0
    await expect
      .poll(() => answers.filter((status) => status === 201).length, { timeout: 30_000 })
      .toBeGreaterThan(5)
  },
  SLOW_MS,
)

test(
  'in `report` it passes, and is shown with its rows',
  async () => {
    const because = 'the nightly count is moved next week'
    await startWith((own) => ({
      ...own,
      tables: (own.tables ?? []).map((table) =>
        typeof table !== 'string' && (table as { table: string }).table === 'inventory_stock'
          ? { ...(table as object), guard: { mode: 'report', because } }
          : table,
      ) as Capability['tables'],
    }))
    const { version: expectedVersion } = await admin.routes()
    await admin.changeSync('install', { capability: 'inventory', expectedVersion })
    const written = await monolith.runNightly(NIGHT)
    expect(written).toBeGreaterThan(0)
    const { syncs } = await admin.syncs()
    const [stray] = syncs[0]?.live?.strayWrites ?? []
    expect(stray).toMatchObject({ table: 'inventory_stock', count: written, by: ['postgres'] })
    expect(stray?.rows[0]).toMatchObject({ op: 'update', columns: ['qty_on_hand', 'updated_at'] })
    expect(stray?.rows[0]?.key).toMatch(/^\["SKU-/)
  },
  SLOW_MS,
)
