import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Monolith } from '../../monolith/create-monolith.ts'
import { DELIVERY_SECRET, deliverTo } from './deliveries.ts'
import type { HttpClient } from './http-client.ts'
import { type Relay, startRelay } from './relay.ts'
import { type Running, startInventory, startShop } from './sample-shop.ts'

describe('writers past the endpoints, in the endpoint form', () => {
  let relay: Relay
  let other: Running<Monolith>
  let inventory: Awaited<ReturnType<typeof startInventory>>
  beforeAll(async () => {
    relay = await startRelay()
    const forms = { coupling: 'endpoints', nightlyForm: 'endpoints' } as const
    other = await startShop({ webhookSecret: DELIVERY_SECRET, inventoryBaseUrl: relay.url, ...forms })
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
    expect((await deliverTo(other, { deliveryId: 'e-1' })).status).toBe(202)
    expect((await deliverTo(other, { deliveryId: 'e-1' })).status).toBe(200)
    expect(await stockOf(inventory, 'SKU-00001')).toBe(before + 5)
    expect(await stockOf(other, 'SKU-00001')).toBe(before)
  })

  it('a delivery that broke off counts once when it is sent again', async () => {
    const before = await stockOf(inventory, 'SKU-00001')
    relay.decide = () => 'lose answer'
    expect((await deliverTo(other, { deliveryId: 'e-2' })).status).toBe(503)
    relay.decide = () => 'pass'
    expect((await deliverTo(other, { deliveryId: 'e-2' })).status).toBe(202)
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

it('both forms can be changed for each other while the shop sells', async () => {
  const relay = await startRelay()
  const changing = await startShop({ webhookSecret: DELIVERY_SECRET, inventoryBaseUrl: relay.url })
  const inventory = await startInventory(changing)
  relay.target = inventory.url
  const stockOf = async ({ client }: { client: HttpClient }): Promise<number> =>
    (await client.get('/api/inventory/SKU-00001')).body.onHand
  const [own, there] = [await stockOf(changing), await stockOf(inventory)]
  expect((await deliverTo(changing, { deliveryId: 's-1' })).status).toBe(202)
  expect(changing.app.useForms({ coupling: 'endpoints', nightlyForm: 'endpoints' })).toBe(true)
  expect((await deliverTo(changing, { deliveryId: 's-2' })).status).toBe(202)
  expect([await stockOf(changing), await stockOf(inventory)]).toEqual([own + 5, there + 5])
  for (const part of [inventory, changing, relay]) await part.stop()
})
