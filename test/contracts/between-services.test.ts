import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Service } from '../../extracted/platform/run-service.ts'
import type { Monolith } from '../../monolith/create-monolith.ts'
import {
  checkCall,
  checkEvent,
  type Expectations,
  readExpectations,
} from '../../strangler/contract/expectations.ts'
import type { HttpClient } from '../sample/http-client.ts'
import {
  type Running,
  setStock,
  signIn,
  startInventory,
  startOrders,
  startShop,
} from '../sample/sample-shop.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { type RecordingRelay, startRecordingRelay } from './recording-relay.ts'

const SOON = { timeout: 30_000, interval: 100 }
const SKU = 'SKU-00001'
const folder = new URL('../../extracted/', import.meta.url)

let queue: TestDatabase
let shop: Running<Monolith>
let inventory: Running<Service>
let orders: Running<Service>
let relay: RecordingRelay
let customer: HttpClient
let atInventory: HttpClient
let ofOrders: Expectations
let ofInventory: Expectations

beforeAll(async () => {
  ofOrders = await readExpectations(new URL('orders/expectations/inventory.json', folder))
  ofInventory = await readExpectations(new URL('inventory/expectations/orders.json', folder))
  queue = await createTestDatabase('contract_queue')
  shop = await startShop()
  inventory = await startInventory(shop, { eventQueueUrl: queue.url })
  relay = await startRecordingRelay()
  relay.target = inventory.url
  orders = await startOrders(shop, relay.url, { eventQueueUrl: queue.url, serviceEmail: 'user1@example.com' })
  for (const { app } of [inventory, orders]) await keepWhatIsTold(app)
  await setStock(inventory.client.as(await signIn(shop, 1)), SKU, 50)
  const token = await signIn(shop, 2)
  customer = orders.client.as(token)
  atInventory = inventory.client.as(token)
}, 90_000)
afterAll(async () => {
  await orders?.stop()
  relay?.stop()
  await inventory?.stop()
  await shop?.stop()
  await queue?.drop()
})
afterEach(() => {
  relay.calls.length = 0
  relay.change = ({ body }) => body
})

/** An event leaves the outbox with its receipt; here a copy of each stays. */
async function keepWhatIsTold({ dataSource }: Service) {
  await dataSource.query('CREATE TABLE told (type text, payload jsonb)')
  await dataSource.query(`CREATE FUNCTION keep_told() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO told VALUES (NEW.type, NEW.payload); RETURN NEW; END $$`)
  await dataSource.query(
    'CREATE TRIGGER keep_told AFTER INSERT ON event_outbox FOR EACH ROW EXECUTE FUNCTION keep_told()',
  )
}
const toldBy = async ({
  app,
}: Running<Service>): Promise<{ event: string; payload: Record<string, unknown> }[]> =>
  app.dataSource.query('SELECT type AS event, payload FROM told')
const buy = (key: string, quantity = 2) =>
  customer.post('/api/orders', { items: [{ sku: SKU, quantity }] }, { 'idempotency-key': key })

describe('a purchase through both services', () => {
  it('takes the stock, tells the inventory and hears back, and nothing that is exchanged lacks what its reader needs', async () => {
    const { status, body } = await buy('whole')
    expect(status).toBe(201)
    expect((await inventory.client.get(`/api/inventory/${SKU}`)).body).toMatchObject({
      onHand: 48,
      reserved: 0,
    })
    const demand = () => inventory.app.dataSource.query('SELECT sku, pieces FROM order_demand')
    await vi.waitFor(async () => expect(await demand()).toEqual([{ sku: SKU, pieces: 2 }]), SOON)
    const heard = () =>
      orders.app.dataSource.query('SELECT order_reference AS reference FROM stock_confirmations')
    await vi.waitFor(async () => expect(await heard()).toEqual([{ reference: body.reference }]), SOON)

    expect(relay.calls.map(({ path, status }) => `${status} ${path.replace(/rsv_[^/]+/, ':id')}`)).toEqual([
      '201 /api/inventory/reservations',
      '200 /api/inventory/reservations/:id/confirm',
    ])
    expect(relay.calls.flatMap((call) => checkCall(ofOrders, call))).toEqual([])
    const [placed, reserved] = [await toldBy(orders), await toldBy(inventory)]
    expect([placed.length, reserved.length]).toEqual([1, 1])
    expect(placed.flatMap((event) => checkEvent(ofInventory, event))).toEqual([])
    expect(reserved.flatMap((event) => checkEvent(ofOrders, event))).toEqual([])
  })

  it('needs nothing of the inventory that its expectations do not say', async () => {
    relay.change = ({ body, ...call }) => keepExpected(ofOrders, { ...call, body })
    expect((await buy('bare')).status).toBe(201)
    const refused = await buy('too much', 60)
    expect(refused).toMatchObject({ status: 409, body: { code: 'insufficient_stock' } })
    expect(relay.calls.length).toBeGreaterThanOrEqual(3)
  })

  it('fails when the inventory has lost a field that the orders read, and the check names the field before that', async () => {
    relay.change = ({ body: { id: _id, ...rest } }) => rest
    expect(await buy('broken')).toMatchObject({ status: 503, body: { code: 'inventory_unavailable' } })
    const [call] = relay.calls
    expect(call?.status).toBe(201)
    const lost = { ...call!, body: relay.change(call as never) }
    expect(checkCall(ofOrders, lost)).toEqual([
      {
        consumer: 'orders',
        what: 'POST /api/inventory/reservations → 201',
        path: '$.id',
        expected: 'string',
        found: 'nothing',
      },
    ])
  })
})

describe('the inventory, as the provider of the orders', () => {
  it('answers every call and status that the orders expect with all that they read', async () => {
    const reserve = (items: unknown, key: string) =>
      ask('POST', '/api/inventory/reservations', { items, reference: null }, { 'idempotency-key': key })
    const seen: string[] = []
    const ask = async (
      method: string,
      path: string,
      body: unknown = {},
      headers: Record<string, string> = {},
    ) => {
      const answer = await atInventory.call(method, path, { body, headers })
      const call = { method, path, status: answer.status, body: answer.body }
      expect(checkCall(ofOrders, call)).toEqual([])
      seen.push(`${method} ${path.replace(/reservations\/[^/]+/, 'reservations/:id')} ${answer.status}`)
      return answer.body
    }
    const one = [{ sku: SKU, quantity: 1 }]
    const { id } = await reserve(one, 'c-1')
    await reserve(one, 'c-1')
    await reserve([{ sku: SKU, quantity: 2 }], 'c-1')
    await reserve([], 'c-2')
    await reserve([{ sku: SKU, quantity: 90_000 }], 'c-3')
    await reserve([{ sku: 'NO-SUCH', quantity: 1 }], 'c-4')
    const { id: other } = await reserve(one, 'c-5')
    const at = (which: string, how: string) => `/api/inventory/reservations/${which}/${how}`
    await ask('POST', at(id, 'confirm'))
    await ask('POST', at('rsv_nobody', 'confirm'))
    await ask('POST', at(other, 'cancel'))
    await ask('POST', at(other, 'confirm'))
    await ask('POST', at('rsv_nobody', 'cancel'))
    const expected = ofOrders.calls.flatMap(({ call, answers }) =>
      Object.keys(answers).map((status) => `${call} ${status}`),
    )
    // A confirmed reservation can be cancelled, so nobody has seen this one.
    const unseen = expected.filter((one) => !seen.includes(one))
    expect(unseen).toEqual(['POST /api/inventory/reservations/:id/cancel 409'])
  })

  it('breaks a consumer by a type too, and by a status or a call that it does not know', () => {
    const call = {
      method: 'POST',
      path: '/api/inventory/reservations',
      status: 201,
      body: { id: 7, status: null },
    }
    expect(checkCall(ofOrders, call)).toMatchObject([
      { path: '$.id', found: 'number' },
      { path: '$.status', found: 'null' },
    ])
    expect(checkCall(ofOrders, { ...call, status: 418 })).toMatchObject([{ path: 'status', found: '418' }])
    expect(checkCall(ofOrders, { ...call, path: '/api/other' })).toMatchObject([{ path: 'call' }])
  })
})

describe('the events', () => {
  it('break their consumer when a field is lost, of one entry of a list too', async () => {
    const [placed] = await toldBy(orders)
    const [reserved] = await toldBy(inventory)
    const items = [...(placed!.payload['items'] as object[]), { sku: SKU }]
    expect(
      checkEvent(ofInventory, { event: 'order.placed', payload: { ...placed!.payload, items } }),
    ).toMatchObject([
      { consumer: 'inventory', what: 'order.placed', path: '$.items[].quantity', found: 'nothing' },
    ])
    const { reference: _reference, ...rest } = reserved!.payload
    expect(checkEvent(ofOrders, { event: 'stock.reserved', payload: rest })).toMatchObject([
      { consumer: 'orders', what: 'stock.reserved', path: '$.reference', found: 'nothing' },
    ])
  })
})

describe('the shop, as the provider of the orders', () => {
  it('answers what the orders read of its catalogue and its sign-in', async () => {
    const expectations = await readExpectations(new URL('orders/expectations/shop.json', folder))
    const credentials = { email: 'user2@example.com', password: 'password' }
    for (const [method, path, body] of [
      ['GET', `/api/catalogue/products?skus=${SKU}&pageSize=1`, undefined],
      ['POST', '/api/auth/sign-in', credentials],
    ] as const) {
      const answer = await shop.client.call(method, path, body === undefined ? {} : { body })
      const call = { method, path, status: answer.status, body: answer.body }
      expect(checkCall(expectations, call)).toEqual([])
    }
  })
})

/** Only the members that the expectations name. */
function keepExpected(
  { calls }: Expectations,
  call: { method: string; path: string; status: number; body: object },
) {
  const template = call.path.replace(/rsv_[^/]+/, ':id')
  const reads =
    calls.find((one) => one.call === `${call.method} ${template}`)?.answers[String(call.status)] ?? {}
  const names = new Set(Object.keys(reads).map((path) => path.slice(2)))
  return Object.fromEntries(Object.entries(call.body).filter(([name]) => names.has(name)))
}
