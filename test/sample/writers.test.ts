import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Monolith } from '../../monolith/create-monolith.ts'
import { signDelivery } from '../../monolith/inventory/deliveries-webhook.ts'
import { openEventStream } from './event-stream.ts'
import type { HttpClient } from './http-client.ts'
import { type Relay, startRelay } from './relay.ts'
import { type Running, setStock, signIn, startInventory, startShop } from './sample-shop.ts'

const SECRET = 'a secret between two'
let shop: Running<Monolith>
beforeAll(async () => {
  shop = await startShop({ webhookSecret: SECRET })
})
afterAll(() => shop?.stop())

const onHand = async (sku: string): Promise<number> =>
  (await shop.client.get(`/api/inventory/${sku}`)).body.onHand

interface DeliveryOptions {
  readonly at?: number
  readonly secret?: string
  readonly signedBody?: string
  readonly sku?: string
  readonly to?: Running<Monolith>
}

function deliver(deliveryId: string, options: DeliveryOptions = {}) {
  const { at = Date.now(), secret = SECRET, sku = 'SKU-00001', to = shop } = options
  const body = JSON.stringify({
    deliveryId,
    supplier: 'Acme',
    items: [{ sku, warehouse: 'BER', quantity: 5 }],
  })
  const headers = {
    'x-shop-timestamp': String(at),
    'x-shop-signature': signDelivery(secret, at, options.signedBody ?? body),
  }
  return to.client.post('/api/webhooks/deliveries', body, headers)
}

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

describe('in the endpoint form', () => {
  let relay: Relay
  let other: Running<Monolith>
  let inventory: Awaited<ReturnType<typeof startInventory>>
  beforeAll(async () => {
    relay = await startRelay()
    const forms = { coupling: 'endpoints', nightlyForm: 'endpoints' } as const
    other = await startShop({ webhookSecret: SECRET, inventoryBaseUrl: relay.url, ...forms })
    inventory = await startInventory(other)
    relay.target = inventory.url
  })
  afterAll(async () => {
    for (const part of [inventory, other, relay]) await part?.stop()
  })
  const stockOf = async (side: { client: HttpClient }, sku: string): Promise<number> =>
    (await side.client.get(`/api/inventory/${sku}`)).body.onHand
  const total = async (side: { client: HttpClient }): Promise<number> =>
    (await side.client.get('/api/inventory/report')).body.totals.onHand

  it('a delivery changes the stock of the service and not the shop’s own table, once', async () => {
    const before = await stockOf(inventory, 'SKU-00001')
    expect((await deliver('e-1', { to: other })).status).toBe(202)
    expect((await deliver('e-1', { to: other })).status).toBe(200)
    expect(await stockOf(inventory, 'SKU-00001')).toBe(before + 5)
    expect(await stockOf(other, 'SKU-00001')).toBe(before)
  })

  it('a delivery that broke off counts once when it is sent again', async () => {
    const before = await stockOf(inventory, 'SKU-00001')
    relay.decide = () => 'lose answer'
    expect((await deliver('e-2', { to: other })).status).toBe(503)
    relay.decide = () => 'pass'
    expect((await deliver('e-2', { to: other })).status).toBe(202)
    expect(await stockOf(inventory, 'SKU-00001')).toBe(before + 5)
  })

  it('the nightly count adjusts the service’s rows, each once a night', async () => {
    const [before, own] = [await total(inventory), await total(other)]
    const night = { day: 3, nights: 30 }
    const written = await other.app.runNightly(night)
    expect(written).toBeGreaterThan(0)
    await other.app.runNightly(night)
    expect(await total(inventory)).toBe(before - written)
    expect(await total(other)).toBe(own)
  })
})

it('both forms can be changed for each other while the shop sells, and not without an address', async () => {
  const relay = await startRelay()
  const changing = await startShop({ webhookSecret: SECRET, inventoryBaseUrl: relay.url })
  const inventory = await startInventory(changing)
  relay.target = inventory.url
  const stockOf = async ({ client }: { client: HttpClient }): Promise<number> =>
    (await client.get('/api/inventory/SKU-00001')).body.onHand
  const [own, there] = [await stockOf(changing), await stockOf(inventory)]
  expect((await deliver('s-1', { to: changing })).status).toBe(202)
  expect(changing.app.useForms({ coupling: 'endpoints', nightlyForm: 'endpoints' })).toBe(true)
  expect((await deliver('s-2', { to: changing })).status).toBe(202)
  expect([await stockOf(changing), await stockOf(inventory)]).toEqual([own + 5, there + 5])
  expect(shop.app.useForms({ coupling: 'endpoints', nightlyForm: 'sql' })).toBe(false)
  for (const part of [inventory, changing, relay]) await part.stop()
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
