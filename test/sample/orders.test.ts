import type { EntityManager } from 'typeorm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HttpClient } from './http-client.ts'
import { ORDER_SETTINGS, ORDER_SETTINGS_HERE, type OrderSetting } from './order-settings.ts'
import { setStock } from './sample-shop.ts'

describe.each(Object.entries(ORDER_SETTINGS_HERE))('an order taken %s', (_name, startSetting) => {
  let setting: OrderSetting
  let staff: HttpClient
  let customer: HttpClient
  beforeAll(async () => {
    setting = await startSetting()
    staff = setting.inventory.as(String(setting.tokens[1]))
    customer = setting.orders.as(String(setting.tokens[2]))
  })
  afterAll(() => setting?.stop())

  const place = (sku: string, quantity: number, key?: string) =>
    customer.post(
      '/api/orders',
      { items: [{ sku, quantity }] },
      key === undefined ? {} : { 'idempotency-key': key },
    )
  const stockOf = async (sku: string) => {
    const { onHand, reserved } = (await setting.inventory.get(`/api/inventory/${sku}`)).body
    return { onHand, reserved }
  }

  it('takes its stock and adds its price up', async () => {
    await setStock(staff, 'SKU-00001', 10)
    const { status, body, headers } = await place('SKU-00001', 3)
    expect(status).toBe(201)
    expect(body).toMatchObject({ status: 'placed', currency: 'EUR' })
    expect(body.items).toHaveLength(1)
    expect(body.total).toBeCloseTo(3 * body.items[0].unitPrice, 2)
    expect(await stockOf('SKU-00001')).toEqual({ onHand: 7, reserved: 0 })
    expect((await customer.get(String(headers.get('location')))).body.reference).toBe(body.reference)
  })

  it('gives its stock back when it is cancelled, once', async () => {
    await setStock(staff, 'SKU-00002', 10)
    const { id } = (await place('SKU-00002', 4)).body
    const answers = await Promise.all([1, 2, 3].map(() => customer.post(`/api/orders/${id}/cancel`)))
    expect(answers.map((answer) => answer.body.status)).toEqual(['cancelled', 'cancelled', 'cancelled'])
    expect(await stockOf('SKU-00002')).toEqual({ onHand: 10, reserved: 0 })
  })

  it('succeeds for exactly ten of fifty clients when ten pieces are left', async () => {
    await setStock(staff, 'SKU-00003', 10)
    const answers = await Promise.all(Array.from({ length: 50 }, () => place('SKU-00003', 1)))
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(10)
    expect(
      answers.filter((answer) => answer.status === 409 && answer.body.code === 'insufficient_stock'),
    ).toHaveLength(40)
    expect(await stockOf('SKU-00003')).toEqual({ onHand: 0, reserved: 0 })
  })

  it('leaves no trace when there is too little stock', async () => {
    await setStock(staff, 'SKU-00004', 2)
    const before = (await customer.get('/api/orders')).body.total
    const { body } = await place('SKU-00004', 3, 'too-much')
    expect(body).toMatchObject({ status: 409, shortages: [{ sku: 'SKU-00004', missing: 1 }] })
    expect((await customer.get('/api/orders')).body.total).toBe(before)
    expect(await stockOf('SKU-00004')).toEqual({ onHand: 2, reserved: 0 })
    await setStock(staff, 'SKU-00004', 3)
    expect((await place('SKU-00004', 3, 'too-much')).status).toBe(201)
  })

  it('is placed once for one idempotency key, also when ten requests with it run at once', async () => {
    await setStock(staff, 'SKU-00005', 100)
    const answers = await Promise.all(Array.from({ length: 10 }, () => place('SKU-00005', 2, 'once')))
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1)
    expect(answers.filter((answer) => answer.status === 201).length).toBeLessThanOrEqual(1)
    expect(answers.every((answer) => answer.body.status === 'placed')).toBe(true)
    expect(await stockOf('SKU-00005')).toEqual({ onHand: 98, reserved: 0 })
    expect((await place('SKU-00005', 3, 'once')).body).toMatchObject({
      status: 422,
      code: 'idempotency_key_reused',
    })
  })

  it('adds the same sku up and refuses one that is not sold', async () => {
    await setStock(staff, 'SKU-00006', 10)
    const twice = {
      items: [
        { sku: 'SKU-00006', quantity: 1 },
        { sku: 'SKU-00006', quantity: 2 },
      ],
    }
    expect((await customer.post('/api/orders', twice)).body.items).toEqual([
      expect.objectContaining({ quantity: 3 }),
    ])
    expect((await place('NONE', 1)).body).toMatchObject({ status: 404, code: 'unknown_sku' })
    expect((await place('SKU-00006', 0)).status).toBe(400)
  })

  it('is seen by its customer and by staff only', async () => {
    await setStock(staff, 'SKU-00007', 10)
    const { id } = (await place('SKU-00007', 1)).body
    const other = setting.orders.as(String(setting.tokens[3]))
    expect((await other.get(`/api/orders/${id}`)).status).toBe(404)
    expect((await other.post(`/api/orders/${id}/cancel`)).status).toBe(404)
    expect((await setting.orders.as(String(setting.tokens[1])).get(`/api/orders/${id}`)).status).toBe(200)
    expect((await setting.orders.get('/api/orders')).status).toBe(401)
    const list = (await customer.get('/api/orders?pageSize=1&status=placed')).body
    expect(list.items).toHaveLength(1)
    expect(list.items[0].id).toBe(id)
  })

  it('of the past cannot be cancelled', async () => {
    const shipped = (await setting.orders.as(String(setting.tokens[1])).get('/api/orders?status=shipped'))
      .body.items[0]
    const { body } = await setting.orders
      .as(String(setting.tokens[1]))
      .post(`/api/orders/${shipped.id}/cancel`)
    expect(body).toMatchObject({ status: 409, code: 'order_not_cancellable' })
  })
})

it('the broken twin: who reads the stock and writes it back without a lock sells more than there is', async () => {
  const setting = await ORDER_SETTINGS['in one transaction']()
  try {
    await setStock(setting.inventory.as(String(setting.tokens[1])), 'SKU-00001', 10)
    const row = "sku = 'SKU-00001' AND warehouse_code = 'BER'"
    let readers = 0
    const allHaveRead = Promise.withResolvers<void>()
    const sell = async (tx: EntityManager) => {
      const [{ pieces }] = await tx.query(`SELECT qty_on_hand AS pieces FROM inventory_stock WHERE ${row}`)
      if (++readers === 12) allHaveRead.resolve()
      await allHaveRead.promise
      if (pieces === 0) return 0
      await tx.query(`UPDATE inventory_stock SET qty_on_hand = ${pieces - 1} WHERE ${row}`)
      return 1
    }
    const sold = await Promise.all(Array.from({ length: 12 }, () => setting.database.transaction(sell)))
    expect(sold.reduce<number>((sum, one) => sum + one, 0)).toBe(12)
  } finally {
    await setting.stop()
  }
})
