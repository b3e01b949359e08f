import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Monolith } from '../../monolith/create-monolith.ts'
import { DELIVERY_SECRET, type Delivery, deliverTo } from './deliveries.ts'
import { openEventStream } from './event-stream.ts'
import { type Running, setStock, signIn, startShop } from './sample-shop.ts'

let shop: Running<Monolith>
beforeAll(async () => {
  shop = await startShop({ webhookSecret: DELIVERY_SECRET })
})
afterAll(() => shop?.stop())

const onHand = async (sku: string): Promise<number> =>
  (await shop.client.get(`/api/inventory/${sku}`)).body.onHand

const deliver = (deliveryId: string, options: Partial<Delivery> = {}) =>
  deliverTo(shop, { deliveryId, ...options })

describe('the webhook of supplier deliveries', () => {
  it('books a signed delivery once, also when it comes three times at once', async () => {
    const before = await onHand('SKU-00001')
    const answers = await Promise.all([1, 2, 3].map(() => deliver('d-1')))
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 202])
    expect(await onHand('SKU-00001')).toBe(before + 5)
  })

  it('refuses another secret, another body, an old signature and none', async () => {
    const before = await onHand('SKU-00001')
    const old = Date.now() - 6 * 60_000
    const answers = [
      await deliver('d-2', { secret: 'a secret of somebody else' }),
      await deliver('d-2', { signedBody: '{}' }),
      await deliver('d-2', { at: old }),
      await shop.client.post('/api/webhooks/deliveries', { deliveryId: 'd-2' }),
    ]
    expect(answers.map((answer) => answer.body.code)).toEqual(Array(4).fill('bad_signature'))
    expect(await onHand('SKU-00001')).toBe(before)
  })

  it('can be sent again after it was refused for an unknown sku', async () => {
    expect((await deliver('d-3', { sku: 'NONE' })).status).toBe(404)
    const before = await onHand('SKU-00001')
    expect((await deliver('d-3')).status).toBe(202)
    expect(await onHand('SKU-00001')).toBe(before + 5)
  })
})

describe('the nightly count', () => {
  it('writes the table past every endpoint: stock changes, but nobody is told and nothing is booked', async () => {
    const staff = shop.client.as(await signIn(shop, 1))
    await setStock(staff, 'SKU-00007', 9)
    const movements = async () =>
      (await shop.client.get('/api/inventory/SKU-00007/movements')).body.items.length
    const booked = await movements()
    await using stream = await openEventStream(`${shop.url}/api/inventory/stream?sku=SKU-00007`)
    expect(await shop.app.runNightly({ day: 7, nights: 30 })).toBeGreaterThan(0)
    expect(await onHand('SKU-00007')).toBe(8)
    expect(await movements()).toBe(booked)
    // The first thing the stream tells is the change after it.
    await staff.post('/api/inventory/SKU-00007/adjust', { warehouse: 'BER', delta: 100 })
    expect((await stream.next()).data.onHand).toBe(108)
  })

  it('never counts below what is reserved', async () => {
    const staff = shop.client.as(await signIn(shop, 1))
    await setStock(staff, 'SKU-00008', 2)
    const body = { items: [{ sku: 'SKU-00008', quantity: 2 }] }
    await staff.post('/api/inventory/reservations', body, { 'idempotency-key': 'all' })
    await shop.app.runNightly({ day: 8, nights: 30 })
    expect((await shop.client.get('/api/inventory/SKU-00008')).body).toMatchObject({ onHand: 2, reserved: 2 })
  })
})

it('the endpoint form cannot be chosen without an address of the endpoints', () => {
  expect(shop.app.useForms({ coupling: 'endpoints', nightlyForm: 'sql' })).toBe(false)
})

describe('the sweeper', () => {
  it('releases the stock of overdue reservations and says so on the stream', async () => {
    const staff = shop.client.as(await signIn(shop, 1))
    await setStock(staff, 'SKU-00009', 5)
    const body = { items: [{ sku: 'SKU-00009', quantity: 5 }] }
    await staff.post('/api/inventory/reservations', body, { 'idempotency-key': 'overdue' })
    await shop.app.dataSource.query(
      "UPDATE stock_reservations SET expires_at = '2020-01-01' WHERE idempotency_key = 'overdue'",
    )
    await using stream = await openEventStream(`${shop.url}/api/inventory/stream?sku=SKU-00009`)
    for (const job of shop.app.jobs) if (job.name === 'sweep reservations') await job.run()
    expect((await stream.next()).data).toMatchObject({ reason: 'expire', available: 5, reserved: 0 })
    expect((await shop.client.get('/api/inventory/SKU-00009')).body.available).toBe(5)
  })
})
