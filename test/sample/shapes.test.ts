import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Monolith } from '../../monolith/create-monolith.ts'
import type { Answer, HttpClient } from './http-client.ts'
import { type Running, signIn, startInventory, startOrders, startShop } from './sample-shop.ts'

let shop: Running<Monolith>
let inventory: Awaited<ReturnType<typeof startInventory>>
let orders: Awaited<ReturnType<typeof startOrders>>
let tokens: { staff: string; customer: string }
beforeAll(async () => {
  shop = await startShop({ rows: 120 })
  inventory = await startInventory(shop)
  orders = await startOrders(shop, inventory.url)
  tokens = { staff: await signIn(shop, 1), customer: await signIn(shop, 2) }
})
afterAll(async () => {
  await orders?.stop()
  await inventory?.stop()
  await shop?.stop()
})

/** The keys and the types of a value, with the entries of a list taken together. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((entry) => JSON.stringify(shapeOf(entry))))].sort()
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, shapeOf(entry)]))
}

const HEADERS = ['content-type', 'cache-control', 'link', 'etag', 'idempotency-replayed', 'www-authenticate']
const headersOf = ({ headers }: Answer) => HEADERS.map((name) => `${name}: ${headers.get(name)}`)

/** What changes from one call to the next by design. */
const VOLATILE = new Set([
  'generatedAt',
  'requestId',
  'updatedAt',
  'createdAt',
  'expiresAt',
  'placedAt',
  'id',
  'reference',
  'reservationId',
])
const steady = (value: unknown) =>
  JSON.parse(JSON.stringify(value), (key, entry) => {
    if (VOLATILE.has(key)) return undefined
    // The one list here that the monolith gives in no order.
    if (key === 'locations')
      return entry.toSorted((a: Located, b: Located) => a.warehouse.localeCompare(b.warehouse))
    return typeof entry === 'number' ? Math.round(entry * 1e6) / 1e6 : entry
  })
interface Located {
  readonly warehouse: string
}

const json = (body: unknown, headers = {}) => ({ body, headers })
const CALLS: readonly (readonly [
  who: 'staff' | 'customer' | 'nobody',
  method: string,
  path: string,
  options?: object,
])[] = [
  ['nobody', 'GET', '/api/inventory?page=2&pageSize=7'],
  ['nobody', 'GET', '/api/inventory?warehouse=LYO&sku=SKU-0000'],
  ['nobody', 'GET', '/api/inventory?pageSize=0'],
  ['nobody', 'GET', '/api/inventory/warehouses'],
  ['nobody', 'GET', '/api/inventory/low-stock?limit=5'],
  ['nobody', 'GET', '/api/inventory/report'],
  ['nobody', 'GET', '/api/inventory/SKU-00001'],
  ['nobody', 'GET', '/api/inventory/NONE'],
  ['nobody', 'HEAD', '/api/inventory/SKU-00001'],
  ['customer', 'PUT', '/api/inventory/SKU-00001', json({ warehouse: 'BER', onHand: 50 })],
  ['staff', 'PUT', '/api/inventory/SKU-00001', json({ warehouse: 'BER', onHand: 50, reorderPoint: 3 })],
  ['staff', 'PUT', '/api/inventory/SKU-00001', json({ warehouse: 'BER' })],
  ['staff', 'PUT', '/api/inventory/SKU-00001', json({ warehouse: 'XXX', onHand: 1 })],
  ['staff', 'POST', '/api/inventory/SKU-00001/adjust', json({ warehouse: 'BER', delta: -1 })],
  ['staff', 'POST', '/api/inventory/SKU-00001/adjust', json({ warehouse: 'BER', delta: -1_000 })],
  [
    'staff',
    'POST',
    '/api/inventory/SKU-00001/adjust',
    json({ warehouse: 'BER', delta: 1 }, { 'idempotency-key': 's1' }),
  ],
  [
    'staff',
    'POST',
    '/api/inventory/SKU-00001/adjust',
    json({ warehouse: 'BER', delta: 1 }, { 'idempotency-key': 's1' }),
  ],
  [
    'staff',
    'POST',
    '/api/inventory/transfers',
    json({ sku: 'SKU-00001', from: 'BER', to: 'PRG', quantity: 2 }),
  ],
  ['nobody', 'GET', '/api/inventory/SKU-00001/movements?limit=3'],
  ['nobody', 'POST', '/api/inventory/reservations', json({})],
  ['customer', 'POST', '/api/inventory/reservations', json({ items: [{ sku: 'SKU-00001', quantity: 2 }] })],
  [
    'customer',
    'POST',
    '/api/inventory/reservations',
    json({ items: [{ sku: 'SKU-00001', quantity: 9_999 }] }, { 'idempotency-key': 'r0' }),
  ],
  [
    'customer',
    'POST',
    '/api/inventory/reservations',
    json({ items: [{ sku: 'SKU-00001', quantity: 2 }] }, { 'idempotency-key': 'r1' }),
  ],
  [
    'customer',
    'POST',
    '/api/inventory/reservations',
    json({ items: [{ sku: 'SKU-00001', quantity: 2 }] }, { 'idempotency-key': 'r1' }),
  ],
  ['customer', 'GET', '/api/inventory/reservations/<last>'],
  ['customer', 'POST', '/api/inventory/reservations/<last>/confirm'],
  ['customer', 'POST', '/api/inventory/reservations/<last>/confirm'],
  ['customer', 'POST', '/api/inventory/reservations/<last>/cancel'],
  ['customer', 'POST', '/api/inventory/reservations/<last>/confirm'],
  ['customer', 'GET', '/api/inventory/reservations/none'],
  ['nobody', 'GET', '/api/orders'],
  ['staff', 'GET', '/api/orders?pageSize=5'],
  [
    'customer',
    'POST',
    '/api/orders',
    json({ items: [{ sku: 'SKU-00001', quantity: 2 }] }, { 'idempotency-key': 'o1' }),
  ],
  [
    'customer',
    'POST',
    '/api/orders',
    json({ items: [{ sku: 'SKU-00001', quantity: 2 }] }, { 'idempotency-key': 'o1' }),
  ],
  [
    'customer',
    'POST',
    '/api/orders',
    json({ items: [{ sku: 'SKU-00001', quantity: 3 }] }, { 'idempotency-key': 'o1' }),
  ],
  ['customer', 'GET', '/api/orders/<last>'],
  ['customer', 'GET', '/api/orders?status=placed'],
  ['customer', 'POST', '/api/orders/<last>/cancel'],
  ['customer', 'POST', '/api/orders', json({ items: [{ sku: 'SKU-00001', quantity: 999 }] })],
  ['customer', 'POST', '/api/orders', json({ items: [{ sku: 'NONE', quantity: 1 }] })],
  ['customer', 'POST', '/api/orders', json({ items: [] })],
  ['customer', 'GET', '/api/orders/99999999'],
  ['customer', 'GET', '/api/orders/x'],
]

it('the services answer every shared endpoint as the monolith does: status, headers, keys, types and content', async () => {
  const last = { monolith: '', service: '' }
  const as = (client: HttpClient, who: 'staff' | 'customer' | 'nobody') =>
    who === 'nobody' ? client : client.as(tokens[who])
  for (const [who, method, path, options = {}] of CALLS) {
    const side = path.startsWith('/api/orders') ? orders : inventory
    const old = await as(shop.client, who).call(method, path.replace('<last>', last.monolith), options)
    const fresh = await as(side.client, who).call(method, path.replace('<last>', last.service), options)
    const name = `${who} ${method} ${path}`
    expect(fresh.status, name).toBe(old.status)
    expect(headersOf(fresh), name).toEqual(headersOf(old))
    expect(shapeOf(fresh.body), name).toEqual(shapeOf(old.body))
    if (old.status < 400) expect(steady(fresh.body), name).toEqual(steady(old.body))
    if (old.body.id !== undefined)
      Object.assign(last, { monolith: String(old.body.id), service: String(fresh.body.id) })
  }
})

it('shapes that differ in a key, a type or a list’s entries are told apart', () => {
  const shape = (value: unknown) => JSON.stringify(shapeOf(value))
  expect(shape({ a: 1 })).not.toBe(shape({ b: 1 }))
  expect(shape({ a: 1 })).not.toBe(shape({ a: '1' }))
  expect(shape([{ a: 1 }])).not.toBe(shape([{ a: 1 }, { b: 1 }]))
  expect(shape([{ a: 1 }, { a: 2 }])).toBe(shape([{ a: 3 }]))
})
