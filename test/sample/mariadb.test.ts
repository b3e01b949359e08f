import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMonolith, type Monolith } from '../../monolith/create-monolith.ts'
import { createMariaDatabase, type MariaDatabase } from '../support/mariadb.ts'
import { requireProgram } from '../support/optional.ts'
import { captureShop } from './capture-shop.ts'
import { createHttpClient, type HttpClient } from './http-client.ts'
import { setStock, signIn } from './sample-shop.ts'

const mariadb = await requireProgram('mariadb')

describe.skipIf(mariadb === undefined)('the shop on MariaDB (skipped where there is none)', () => {
  let database: MariaDatabase
  let shop: Monolith
  let capture: Awaited<ReturnType<typeof captureShop>>
  let client: HttpClient
  let staff: HttpClient
  beforeAll(async () => {
    database = await createMariaDatabase('shop')
    shop = await createMonolith({
      databaseUrl: database.url,
      rows: 90,
      reportDelayMs: 0,
      reportFailureRate: 0,
      logLevel: 'silent',
    })
    capture = await captureShop(database.url)
    client = createHttpClient((await shop.start(0)).url)
    staff = client.as(await signIn({ client }, 1))
  })
  afterAll(async () => {
    await shop?.stop()
    await capture?.end()
    await database?.drop()
  })
  const order = (sku: string, headers = {}) =>
    staff.post('/api/orders', { items: [{ sku, quantity: 1 }] }, headers)

  it('reads, searches and reports', async () => {
    expect((await client.get('/api/inventory')).body.total).toBe(90)
    expect((await client.get('/api/inventory/warehouses')).body.items).toHaveLength(3)
    expect((await client.get('/api/inventory/report')).body.totals.onHand).toBeGreaterThan(0)
    expect((await client.get('/api/catalogue/search?q=OAK')).body.total).toBeGreaterThan(0)
    expect((await staff.get('/api/reports/sales')).body.revenue).toBeGreaterThan(0)
    expect((await client.get('/api/inventory/SKU-00001')).body.locations[0].updatedAt).toMatch(
      /^2025-.*T00:00:00\.000Z$/,
    )
  })

  it('sells ten pieces to exactly ten of fifty clients', async () => {
    await setStock(staff, 'SKU-00003', 10)
    const answers = await Promise.all(Array.from({ length: 50 }, () => order('SKU-00003')))
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(10)
    expect(answers.filter((answer) => answer.body.code === 'insufficient_stock')).toHaveLength(40)
    expect((await client.get('/api/inventory/SKU-00003')).body.onHand).toBe(0)
  })

  it('places one order for one key, gives its stock back, and runs the nightly count', async () => {
    await setStock(staff, 'SKU-00004', 10)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => order('SKU-00004', { 'idempotency-key': 'once' })),
    )
    const ids = new Set(answers.map((answer) => answer.body.id))
    expect(ids.size).toBe(1)
    await staff.post(`/api/orders/${[...ids][0]}/cancel`)
    expect((await client.get('/api/inventory/SKU-00004')).body.onHand).toBe(10)
    expect(await shop.runNightly({ day: 4, nights: 30 })).toBe(1)
    expect((await client.get('/api/inventory/SKU-00004')).body.onHand).toBe(9)
  })
})
