import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { HttpClient } from './http-client.ts'
import { ORDER_SETTINGS, type OrderSetting } from './order-settings.ts'
import type { Fate, Relay } from './relay.ts'
import { setStock } from './sample-shop.ts'

const { 'through its own endpoints': own, 'in the orders service': service } = ORDER_SETTINGS

describe.each(Object.entries({ monolith: own, 'orders service': service }))(
  'when the inventory fails the %s',
  (_name, start) => {
    let setting: OrderSetting
    let relay: Relay
    let customer: HttpClient
    beforeAll(async () => {
      setting = await start()
      if (setting.relay === null) throw new Error('This setting has no relay to fail.')
      relay = setting.relay
      customer = setting.orders.as(String(setting.tokens[2]))
      for (const sku of ['SKU-00001', 'SKU-00002', 'SKU-00003', 'SKU-00004', 'SKU-00005'])
        await setStock(setting.inventory.as(String(setting.tokens[1])), sku, 10)
    })
    afterAll(() => setting?.stop())
    afterEach(() => {
      relay.decide = () => 'pass'
      relay.calls.length = 0
    })

    const place = (sku: string, key: string) =>
      customer.post('/api/orders', { items: [{ sku, quantity: 2 }] }, { 'idempotency-key': key })
    const stockOf = async (sku: string) => {
      const { onHand, reserved } = (await setting.inventory.get(`/api/inventory/${sku}`)).body
      return { onHand, reserved }
    }
    const statuses = async (): Promise<string[]> =>
      (await setting.database.query("SELECT status FROM orders WHERE status IN ('pending', 'failed')")).map(
        (row: { status: string }) => row.status,
      )
    const failing = (path: string, fate: Fate, times = Number.POSITIVE_INFINITY) => {
      let left = times
      relay.decide = (call) => (call.path.endsWith(path) && left-- > 0 ? fate : 'pass')
    }

    it('sends the order’s own key, the caller’s token and the proxy’s marks with the call', async () => {
      const headers = {
        'x-strangler-parent-write': 'mark',
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      }
      const { body } = await customer.post(
        '/api/orders',
        { items: [{ sku: 'SKU-00001', quantity: 1 }] },
        headers,
      )
      const call = relay.calls.find(({ path }) => path === '/api/inventory/reservations')
      expect(call?.headers).toMatchObject({ ...headers, 'idempotency-key': `order:${body.reference}` })
      expect(call?.headers.authorization).toBe(`Bearer ${setting.tokens[2]}`)
    })

    it('places the order all the same when one answer is lost, without taking the stock twice', async () => {
      failing('/reservations', 'lose answer', 1)
      expect((await place('SKU-00002', 'lost-once')).status).toBe(201)
      expect(await stockOf('SKU-00002')).toEqual({ onHand: 8, reserved: 0 })
    })

    it('cancels the reservation when it cannot be confirmed', async () => {
      failing('/confirm', 'answer 503')
      expect((await place('SKU-00003', 'no-confirm')).body).toMatchObject({
        status: 503,
        code: 'inventory_unavailable',
      })
      expect(relay.calls.some(({ path }) => path.endsWith('/cancel'))).toBe(true)
      expect(await stockOf('SKU-00003')).toEqual({ onHand: 10, reserved: 0 })
      expect(await statuses()).toEqual([])
    })

    it('gives stock back that was taken by a confirmation whose answer was lost', async () => {
      failing('/confirm', 'lose answer')
      expect((await place('SKU-00004', 'lost-confirm')).status).toBe(503)
      expect(await stockOf('SKU-00004')).toEqual({ onHand: 10, reserved: 0 })
      expect(await statuses()).toEqual([])
    })

    it('keeps an order that it cannot undo, does not place it again, and undoes it when the inventory is back', async () => {
      failing('/reservations', 'answer 503')
      expect((await place('SKU-00005', 'down')).status).toBe(503)
      expect(await statuses()).toEqual(['failed'])
      relay.decide = () => 'pass'
      expect((await place('SKU-00005', 'down')).body).toMatchObject({ status: 409, code: 'order_failed' })
      await setting.recover()
      expect(await statuses()).toEqual([])
      expect(await stockOf('SKU-00005')).toEqual({ onHand: 10, reserved: 0 })
      expect((await place('SKU-00005', 'down')).status).toBe(201)
    })
  },
)

it.each(Object.entries({ monolith: own, 'orders service': service }))(
  'the %s waits for the inventory no longer than its timeout, and undoes the order later',
  async (_name, start) => {
    const setting = await start(300)
    try {
      const customer = setting.orders.as(String(setting.tokens[2]))
      setting.relay!.decide = () => 'hang'
      const began = performance.now()
      const { body } = await customer.post('/api/orders', { items: [{ sku: 'SKU-00001', quantity: 1 }] })
      expect(body).toMatchObject({ status: 503, code: 'inventory_unavailable' })
      // Twice the timeout: for the reservation, and for the attempt to undo it.
      expect(performance.now() - began).toBeLessThan(4_000)
      expect((await customer.get('/api/orders?status=failed')).body.total).toBe(1)
      setting.relay!.decide = () => 'pass'
      await setting.recover()
      expect((await customer.get('/api/orders?status=failed')).body.total).toBe(0)
      expect((await setting.inventory.get('/api/inventory/SKU-00001')).body.reserved).toBe(0)
    } finally {
      await setting.stop()
    }
  },
)
