import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Monolith } from '../../monolith/create-monolith.ts'
import type { HttpClient } from './http-client.ts'
import { INVENTORY_SIDES, type Running, setStock, signIn, startInventory, startShop } from './sample-shop.ts'

let shop: Running<Monolith>
let service: Awaited<ReturnType<typeof startInventory>>
const tokens: string[] = []
beforeAll(async () => {
  shop = await startShop()
  if (INVENTORY_SIDES.includes('service')) service = await startInventory(shop)
  for (const number of [1, 2, 3]) tokens[number] = await signIn(shop, number)
})
afterAll(async () => {
  await service?.stop()
  await shop?.stop()
})

describe.each(INVENTORY_SIDES)('a reservation in the %s', (side) => {
  let staff: HttpClient
  let customer: HttpClient
  let keys = 0
  beforeAll(() => {
    const { client } = side === 'monolith' ? shop : service
    staff = client.as(String(tokens[1]))
    customer = client.as(String(tokens[2]))
  })
  const reserve = (sku: string, quantity: number, options: { key?: string; ttlSeconds?: number } = {}) => {
    const { key = `key-${++keys}`, ...rest } = options
    return customer.post(
      '/api/inventory/reservations',
      { items: [{ sku, quantity }], ...rest },
      { 'idempotency-key': key },
    )
  }
  const settle = (id: string, how: 'confirm' | 'cancel') =>
    customer.post(`/api/inventory/reservations/${id}/${how}`)
  const stockOf = async (sku: string) => {
    const { onHand, reserved, available } = (await customer.get(`/api/inventory/${sku}`)).body
    return { onHand, reserved, available }
  }

  it('sets stock aside, and takes it off the shelf when it is confirmed', async () => {
    await setStock(staff, 'SKU-00001', 10)
    const { status, body, headers } = await reserve('SKU-00001', 4)
    expect(status).toBe(201)
    expect(body).toMatchObject({
      status: 'pending',
      items: [{ sku: 'SKU-00001', warehouse: 'BER', quantity: 4 }],
    })
    expect((await customer.get(String(headers.get('location')))).body.id).toBe(body.id)
    expect(await stockOf('SKU-00001')).toEqual({ onHand: 10, reserved: 4, available: 6 })
    expect((await settle(body.id, 'confirm')).body.status).toBe('confirmed')
    expect(await stockOf('SKU-00001')).toEqual({ onHand: 6, reserved: 0, available: 6 })
  })

  it('gives the stock back when it is cancelled, before and after it was confirmed, and only once', async () => {
    await setStock(staff, 'SKU-00002', 10)
    const pending = (await reserve('SKU-00002', 3)).body.id
    const confirmed = (await reserve('SKU-00002', 2)).body.id
    await settle(confirmed, 'confirm')
    for (const id of [pending, confirmed, pending, confirmed])
      expect((await settle(id, 'cancel')).body.status).toBe('cancelled')
    expect(await stockOf('SKU-00002')).toEqual({ onHand: 10, reserved: 0, available: 10 })
    expect((await settle(pending, 'confirm')).body).toMatchObject({
      status: 409,
      code: 'reservation_settled',
    })
  })

  it('is made once for one key, also when twenty requests with it run at once', async () => {
    await setStock(staff, 'SKU-00003', 100)
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => reserve('SKU-00003', 2, { key: 'same' })),
    )
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1)
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1)
    expect(answers.filter((answer) => answer.headers.get('idempotency-replayed') === 'true')).toHaveLength(19)
    expect((await stockOf('SKU-00003')).reserved).toBe(2)
    expect((await reserve('SKU-00003', 5, { key: 'same' })).body).toMatchObject({
      code: 'idempotency_key_reused',
    })
  })

  it('needs an idempotency key', async () => {
    const { status } = await customer.post('/api/inventory/reservations', {
      items: [{ sku: 'SKU-00001', quantity: 1 }],
    })
    expect(status).toBe(400)
  })

  it('promises no piece twice to fifty clients at once', async () => {
    await setStock(staff, 'SKU-00004', 10)
    const answers = await Promise.all(Array.from({ length: 50 }, () => reserve('SKU-00004', 1)))
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(10)
    expect(answers.filter((answer) => answer.body.code === 'insufficient_stock')).toHaveLength(40)
    expect(await stockOf('SKU-00004')).toEqual({ onHand: 10, reserved: 10, available: 0 })
  })

  it('does not deadlock when clients want the same skus in opposite orders', async () => {
    await setStock(staff, 'SKU-00005', 100)
    await setStock(staff, 'SKU-00006', 100)
    const both = [
      { sku: 'SKU-00005', quantity: 1 },
      { sku: 'SKU-00006', quantity: 1 },
    ]
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        customer.post(
          '/api/inventory/reservations',
          { items: index % 2 ? both : both.toReversed() },
          { 'idempotency-key': `order-${index}` },
        ),
      ),
    )
    expect(answers.map((answer) => answer.status)).toEqual(Array(20).fill(201))
    expect((await stockOf('SKU-00006')).reserved).toBe(20)
  })

  it('spreads over warehouses, all or nothing, and names what is missing', async () => {
    await setStock(staff, 'SKU-00007', 5)
    await staff.call('PUT', '/api/inventory/SKU-00007', { body: { warehouse: 'PRG', onHand: 5 } })
    const { body } = await reserve('SKU-00007', 8)
    expect(body.items).toEqual([
      { sku: 'SKU-00007', warehouse: 'BER', quantity: 5 },
      { sku: 'SKU-00007', warehouse: 'PRG', quantity: 3 },
    ])
    const refused = await reserve('SKU-00007', 3)
    expect(refused.body).toMatchObject({ status: 409, shortages: [{ sku: 'SKU-00007', missing: 1 }] })
    expect((await stockOf('SKU-00007')).reserved).toBe(8)
    expect((await reserve('NONE', 1)).body).toMatchObject({ status: 404, code: 'unknown_sku' })
  })

  it('expires: it cannot be confirmed any more, and its stock goes to whoever wants it', async () => {
    await setStock(staff, 'SKU-00008', 5)
    const { id } = (await reserve('SKU-00008', 5)).body
    expect((await reserve('SKU-00008', 1)).status).toBe(409)
    const { dataSource } = (side === 'monolith' ? shop : service).app
    const table = side === 'monolith' ? 'stock_reservations' : 'reservations'
    await dataSource.query(`UPDATE ${table} SET expires_at = '2020-01-01' WHERE id = '${id}'`)
    expect((await customer.get(`/api/inventory/reservations/${id}`)).body.status).toBe('expired')
    expect((await settle(id, 'confirm')).status).toBe(409)
    expect((await reserve('SKU-00008', 1)).status).toBe(201)
    expect(await stockOf('SKU-00008')).toEqual({ onHand: 5, reserved: 1, available: 4 })
  })

  it('is nobody else’s business', async () => {
    const { id } = (await reserve('SKU-00009', 1)).body
    const other = (side === 'monolith' ? shop : service).client.as(String(tokens[3]))
    expect((await other.get(`/api/inventory/reservations/${id}`)).status).toBe(404)
    expect((await other.post(`/api/inventory/reservations/${id}/cancel`)).status).toBe(404)
    expect((await staff.get(`/api/inventory/reservations/${id}`)).status).toBe(200)
  })
})
