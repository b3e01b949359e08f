import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Monolith } from '../../monolith/create-monolith.ts'
import type { HttpClient } from './http-client.ts'
import { INVENTORY_SIDES, type Running, setStock, signIn, startInventory, startShop } from './sample-shop.ts'

let shop: Running<Monolith>
let service: Awaited<ReturnType<typeof startInventory>>
let token: string
beforeAll(async () => {
  shop = await startShop()
  if (INVENTORY_SIDES.includes('service')) service = await startInventory(shop)
  token = await signIn(shop, 1)
})
afterAll(async () => {
  await service?.stop()
  await shop?.stop()
})

describe.each(INVENTORY_SIDES)('the inventory of the %s', (side) => {
  let client: HttpClient
  let staff: HttpClient
  beforeAll(() => {
    client = side === 'monolith' ? shop.client : service.client
    staff = client.as(token)
  })

  it('gives the fixed paths precedence over a sku', async () => {
    for (const path of ['warehouses', 'low-stock', 'report'])
      expect((await client.get(`/api/inventory/${path}`)).body.sku, path).toBeUndefined()
  })

  it('adds the warehouses of a sku up', async () => {
    await setStock(staff, 'SKU-00001', 40)
    const { body } = await client.get('/api/inventory/SKU-00001')
    expect(body).toMatchObject({ sku: 'SKU-00001', onHand: 40, reserved: 0, available: 40, fillRate: 1 })
    expect(body.locations.map((row: { warehouse: string }) => row.warehouse).sort()).toEqual([
      'BER',
      'LYO',
      'PRG',
    ])
    expect((await client.get('/api/inventory/NONE')).status).toBe(404)
  })

  it('answers 304 while the stock is the same, whatever the time of the answer', async () => {
    const first = await client.get('/api/inventory/SKU-00002')
    const headers = { 'if-none-match': String(first.headers.get('etag')) }
    expect((await client.get('/api/inventory/SKU-00002', { headers })).status).toBe(304)
    await staff.post('/api/inventory/SKU-00002/adjust', { warehouse: 'BER', delta: 5 })
    expect((await client.get('/api/inventory/SKU-00002', { headers })).status).toBe(200)
  })

  it('lists in pages, by warehouse and by the beginning of a sku', async () => {
    const page = await client.get('/api/inventory?pageSize=10&page=9')
    expect(page.body).toMatchObject({ page: 9, pageSize: 10, total: 90 })
    expect(page.body.items).toHaveLength(10)
    expect(page.headers.get('link')).toContain('rel="prev"')
    expect(page.headers.get('link')).not.toContain('rel="next"')
    expect((await client.get('/api/inventory?warehouse=LYO')).body.total).toBe(30)
    expect((await client.get('/api/inventory?sku=SKU-0001')).body.total).toBe(30)
    expect((await client.get('/api/inventory?page=0')).body).toMatchObject({
      status: 400,
      code: 'invalid_request',
    })
  })

  it('lists as low exactly the rows at or below their reorder point', async () => {
    const all = (await client.get('/api/inventory?pageSize=200')).body.items
    const low = (await client.get('/api/inventory/low-stock?limit=500')).body.items
    const name = (row: { sku: string; warehouse: string }) => `${row.sku} ${row.warehouse}`
    const expected = all.filter(
      (row: { available: number; reorderPoint: number }) => row.available <= row.reorderPoint,
    )
    expect(expected.length).toBeGreaterThan(0)
    expect(low.map(name).sort()).toEqual(expected.map(name).sort())
  })

  it('books every change as a movement', async () => {
    await setStock(staff, 'SKU-00003', 10)
    await staff.post('/api/inventory/SKU-00003/adjust', { warehouse: 'BER', delta: -4, reason: 'broken' })
    const { body } = await client.get('/api/inventory/SKU-00003/movements?limit=1')
    expect(body.items).toEqual([
      expect.objectContaining({ warehouse: 'BER', onHandDelta: -4, reason: 'broken' }),
    ])
  })

  it('never takes more than there is, and changes nothing then', async () => {
    await setStock(staff, 'SKU-00004', 3)
    const refused = await staff.post('/api/inventory/SKU-00004/adjust', { warehouse: 'BER', delta: -4 })
    expect(refused.body).toMatchObject({ status: 409, code: 'insufficient_stock' })
    expect((await client.get('/api/inventory/SKU-00004')).body.onHand).toBe(3)
  })

  it('applies an adjustment once for one idempotency key, also when ten run at once', async () => {
    await setStock(staff, 'SKU-00005', 10)
    const adjust = () =>
      staff.post(
        '/api/inventory/SKU-00005/adjust',
        { warehouse: 'BER', delta: 1 },
        { 'idempotency-key': `once-${side}` },
      )
    const answers = await Promise.all(Array.from({ length: 10 }, adjust))
    expect(answers.map((answer) => answer.status)).toEqual(Array(10).fill(200))
    expect((await client.get('/api/inventory/SKU-00005')).body.onHand).toBe(11)
    // The broken twin: without a key every one of them counts.
    await Promise.all(
      Array.from({ length: 10 }, () =>
        staff.post('/api/inventory/SKU-00005/adjust', { warehouse: 'BER', delta: 1 }),
      ),
    )
    expect((await client.get('/api/inventory/SKU-00005')).body.onHand).toBe(21)
  })

  it('moves stock between warehouses without losing a piece, both ways at once', async () => {
    await setStock(staff, 'SKU-00006', 50)
    const transfer = (from: string, to: string, quantity: number) =>
      staff.post('/api/inventory/transfers', { sku: 'SKU-00006', from, to, quantity })
    expect((await transfer('BER', 'LYO', 20)).status).toBe(200)
    const both = Array.from({ length: 10 }, (_, index) =>
      index % 2 ? transfer('BER', 'LYO', 2) : transfer('LYO', 'BER', 2),
    )
    expect((await Promise.all(both)).map((answer) => answer.status)).toEqual(Array(10).fill(200))
    expect((await client.get('/api/inventory/SKU-00006')).body.onHand).toBe(50)
    expect((await transfer('PRG', 'BER', 1)).status).toBe(409)
  })

  it('makes a row when a known sku comes to a warehouse for the first time, and knows no other sku', async () => {
    const owner = side === 'monolith' ? shop : service
    const column = side === 'monolith' ? 'warehouse_code' : 'warehouse'
    const table = side === 'monolith' ? 'inventory_stock' : 'stock'
    await owner.app.dataSource.query(`DELETE FROM ${table} WHERE sku = 'SKU-00007' AND ${column} = 'PRG'`)
    const put = (sku: string) =>
      staff.call('PUT', `/api/inventory/${sku}`, { body: { warehouse: 'PRG', onHand: 8 } })
    expect((await put('SKU-00007')).status).toBe(201)
    expect((await put('SKU-00007')).status).toBe(200)
    expect((await put('SKU-99999')).status).toBe(404)
  })

  it('lets only staff change stock', async () => {
    const customer = client.as(await signIn(shop, 2))
    const body = { warehouse: 'BER', delta: 1 }
    expect((await customer.post('/api/inventory/SKU-00001/adjust', body)).status).toBe(403)
    expect((await client.post('/api/inventory/SKU-00001/adjust', body)).status).toBe(401)
  })

  it('totals the report like the rows', async () => {
    const all = (await client.get('/api/inventory?pageSize=200')).body.items
    const { body } = await client.get('/api/inventory/report')
    expect(body.warehouses.map((row: { warehouse: string }) => row.warehouse)).toEqual(['BER', 'LYO', 'PRG'])
    expect(body.totals.onHand).toBe(all.reduce((sum: number, row: { onHand: number }) => sum + row.onHand, 0))
  })
})
