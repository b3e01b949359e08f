import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type AdminClient, createAdminClient } from '../../strangler/admin/admin-client.ts'
import { checkConfig } from '../../strangler/config/define-config.ts'
import { type Kit, startKit } from '../../strangler/kit.ts'
import { createTestDatabase, openPool, type TestDatabase } from '../support/postgres.ts'

const TOKEN = 'operator-token-for-the-lag'
const SKUS = 40
/** The service is wrong about this one, whatever its data. */
const WRONG = 'sku-7'
/** About this one now and then. */
const FLICKERING = 'sku-9'
/** So often it is asked for: some answers are wrong, and the first few of those are taken for lag. */
const FLICKERS = 150
let answers = 0
let flickers = false

let databases: TestDatabase[] = []
let pools: pg.Pool[] = []
const servers: Server[] = []
let directory: string
let kit: Kit
let admin: AdminClient

async function serveRows(pool: pg.Pool, adapt: (sku: string, quantity: number) => number): Promise<string> {
  const server = createServer(async (req, res) => {
    const sku = req.url?.split('/')[2] ?? ''
    const { rows } = await pool.query('SELECT quantity FROM item WHERE sku = $1', [sku])
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify({ sku, quantity: adapt(sku, rows[0]?.quantity ?? -1) }))
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeAll(async () => {
  vi.stubEnv('STRANGLER_NO_REDIS', '1')
  vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
  vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-the-lag')
  databases = await Promise.all(['lag_shop', 'lag_service', 'lag_control'].map(createTestDatabase))
  const [shopUrl = '', serviceUrl = '', controlUrl = ''] = databases.map(({ url }) => url)
  pools = [openPool(shopUrl, 8), openPool(serviceUrl, 8)]
  const [shop, copy] = pools as [pg.Pool, pg.Pool]
  const item = 'CREATE TABLE item (sku text PRIMARY KEY, quantity integer NOT NULL)'
  await shop.query(`${item}; INSERT INTO item SELECT 'sku-' || n, n FROM generate_series(1, ${SKUS}) n`)
  await copy.query(item)
  directory = await mkdtemp(join(tmpdir(), 'strangler-lag-'))
  const config = checkConfig({
    sides: {
      monolith: { url: await serveRows(shop, (_, quantity) => quantity), database: shopUrl },
      stock: {
        url: await serveRows(copy, (sku, quantity) => {
          if (flickers && sku === FLICKERING && ++answers % 5 === 0) return -9
          return sku === WRONG ? -5 : quantity
        }),
        database: serviceUrl,
      },
    },
    capabilities: {
      stock: { endpoints: [{ endpoint: 'GET /items/:sku', mode: 'shadow' }], tables: ['item'] },
    },
    compare: { giveWay: false },
    control: { url: controlUrl },
    directory,
  })
  kit = await startKit(config, { proxyPort: 0, adminPort: 0, logFile: join(directory, 'kit.log') })
  admin = createAdminClient({ url: kit.adminUrl ?? '', token: TOKEN })
  await change('install')
  await change('backfill')
  await vi.waitFor(async () => expect((await admin.syncs()).syncs[0]?.live?.backfill?.state).toBe('done'), {
    timeout: 30_000,
    interval: 100,
  })
}, 90_000)

afterAll(async () => {
  await kit.stop()
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
  await Promise.all(pools.map((pool) => pool.end()))
  await Promise.all(databases.map((database) => database.drop()))
  await rm(directory, { recursive: true, force: true })
})

async function change(what: 'install' | 'backfill' | 'pause' | 'resume') {
  await admin.changeSync(what, { capability: 'stock', expectedVersion: (await admin.routes()).version })
}

const found = async () => (await admin.compareReport({ capability: 'stock' })).capabilities[0]!

/** Rows change all the time, and each is read just after it has changed; the wrong one is left out. */
async function writeAndRead(forMs: number): Promise<number> {
  const until = performance.now() + forMs
  let reads = 0
  const lane = async (start: number) => {
    for (let n = start; performance.now() < until; n += 3) {
      const sku = `sku-${1 + (n % SKUS)}`
      if (sku === WRONG) continue
      await pools[0]!.query('UPDATE item SET quantity = quantity + 1 WHERE sku = $1', [sku])
      const response = await fetch(`${kit.proxyUrl}/items/${sku}`)
      expect(response.status).toBe(200)
      await response.arrayBuffer()
      reads += 1
      await delay(15)
    }
  }
  await Promise.all([0, 1, 2].map(lane))
  return reads
}

test('with the sync paused for two seconds under writes, what differs is lag: no mismatch, and nothing lost', async () => {
  await (await fetch(`${kit.proxyUrl}/items/sku-1`)).arrayBuffer()
  await expect.poll(async () => (await found()).endpoints[0]?.match, { timeout: 30_000 }).toBe(1)
  await change('pause')
  const reads = await writeAndRead(2_000)
  await change('resume')
  await expect
    .poll(async () => (await found()).endpoints[0]?.eligible ?? 0, { timeout: 30_000, interval: 200 })
    .toBe(reads + 1)
  const [endpoint] = (await found()).endpoints
  console.log(
    `lag: of ${reads} reads ${endpoint?.lag} were late, skipped ${JSON.stringify(endpoint?.skipped)}`,
  )
  expect(endpoint?.mismatch).toBe(0)
  expect(endpoint?.rates.raw.count).toBe(0)
  // They differed at first: without the second look each would be a mismatch. A busy machine may let some shadows time out.
  expect(endpoint?.lag).toBeGreaterThan(reads / 2)
}, 90_000)

test('what differs although the copy has everything is a mismatch, also under writes', async () => {
  let isOver = false
  const writing = (async () => {
    while (!isOver) {
      await pools[0]!.query(`UPDATE item SET quantity = quantity + 1 WHERE sku <> $1`, [WRONG])
      await delay(50)
    }
  })()
  for (let n = 0; n < 5; n++) await (await fetch(`${kit.proxyUrl}/items/${WRONG}`)).arrayBuffer()
  await expect
    .poll(async () => (await found()).endpoints[0]?.mismatch, { timeout: 30_000, interval: 200 })
    .toBe(5)
  isOver = true
  await writing
}, 60_000)

test('what differs now and then although the copy has everything is no lag for long', async () => {
  const before = (await found()).endpoints[0]
  flickers = true
  for (let n = 0; n < FLICKERS; n++) {
    await (await fetch(`${kit.proxyUrl}/items/${FLICKERING}`)).arrayBuffer()
    await delay(20)
  }
  await expect
    .poll(async () => (await found()).endpoints[0]?.eligible, { timeout: 30_000, interval: 200 })
    .toBe((before?.eligible ?? 0) + FLICKERS)
  const [after] = (await found()).endpoints
  // The first few are taken for lag: one could have come just before the copy had the change.
  expect((after?.mismatch ?? 0) - (before?.mismatch ?? 0)).toBeGreaterThan(2)
  const { samples } = await admin.compareSamples({ endpoint: 'GET /items/:sku' })
  expect(JSON.stringify(samples[0]?.differences)).toContain('-9')
}, 60_000)
