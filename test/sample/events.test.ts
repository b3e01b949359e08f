import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Service } from '../../extracted/platform/run-service.ts'
import type { Monolith } from '../../monolith/create-monolith.ts'
import {
  describeOnQueues,
  LOSABLE_QUEUES,
  type LosableQueue,
  type QueueKind,
} from '../service/losable-queue.ts'
import type { HttpClient } from './http-client.ts'
import { type Running, setStock, signIn, startInventory, startOrders, startShop } from './sample-shop.ts'

const SOON = { timeout: 30_000, interval: 100 }

let queue: LosableQueue
let shop: Running<Monolith>
let inventory: Running<Service>
let orders: Running<Service>
let customer: HttpClient

async function openServices(kind: QueueKind) {
  queue = await LOSABLE_QUEUES[kind]()
  const eventQueueUrl = queue.server.url
  shop = await startShop()
  inventory = await startInventory(shop, { eventQueueUrl })
  orders = await startOrders(shop, inventory.url, { eventQueueUrl, serviceEmail: 'user1@example.com' })
  await setStock(inventory.client.as(await signIn(shop, 1)), 'SKU-00001', 50)
  customer = orders.client.as(await signIn(shop, 2))
}
async function closeServices() {
  for (const part of [orders, inventory, shop, queue]) await part?.stop()
}

const demand = async () => {
  const [row] = await inventory.app.dataSource.query(
    `SELECT orders, pieces FROM order_demand WHERE sku = 'SKU-00001'`,
  )
  return row ?? { orders: 0, pieces: 0 }
}
const confirmations = () =>
  orders.app.dataSource.query('SELECT order_reference, pieces FROM stock_confirmations ORDER BY id')
const buy = (quantity: number, key: string) =>
  customer.post('/api/orders', { items: [{ sku: 'SKU-00001', quantity }] }, { 'idempotency-key': key })
const waiting = async ({ app }: Running<Service>) =>
  (await app.dataSource.query('SELECT count(*)::int AS n FROM event_outbox'))[0].n

describeOnQueues('the events between the services', (kind) => {
  beforeAll(() => openServices(kind))
  afterAll(closeServices)

  it('tell the inventory what was ordered and the orders what was reserved, once each', async () => {
    const answers = await Promise.all([buy(2, 'a'), buy(3, 'b')])
    expect(answers.map(({ status }) => status)).toEqual([201, 201])
    // The same order again is no other order.
    expect((await buy(2, 'a')).body.reference).toBe(answers[0]?.body.reference)
    await vi.waitFor(async () => expect(await demand()).toEqual({ orders: 2, pieces: 5 }), SOON)
    await vi.waitFor(async () => expect(await confirmations()).toHaveLength(2), SOON)
    const references = (await confirmations()).map((row: { order_reference: string }) => row.order_reference)
    expect(references.sort()).toEqual(answers.map(({ body }) => body.reference).sort())
    await vi.waitFor(
      async () => expect([await waiting(orders), await waiting(inventory)]).toEqual([0, 0]),
      SOON,
    )
  })

  it('tell nothing of an order that could not be placed', async () => {
    const before = await demand()
    expect((await buy(60, 'too much')).status).toBe(409)
    expect(await waiting(orders)).toBe(0)
    await buy(1, 'after it')
    await vi.waitFor(async () => expect((await demand()).orders).toBe(before.orders + 1), SOON)
    expect(await demand()).toEqual({ orders: before.orders + 1, pieces: before.pieces + 1 })
  })
})
