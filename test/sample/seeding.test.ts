import { expect, it } from 'vitest'
import { createMonolith } from '../../monolith/create-monolith.ts'
import { startInventory, startOrders, startShop } from './sample-shop.ts'

const TABLES = ['categories', 'inventory_stock', 'order_items', 'orders', 'products', 'users', 'warehouses']

it('two shops are seeded with equal rows, as many as asked for', async () => {
  const shops = await Promise.all([startShop({ rows: 100 }), startShop({ rows: 100 })])
  try {
    for (const table of TABLES) {
      const [first, second] = await Promise.all(
        shops.map((shop) => shop.app.dataSource.query(`SELECT * FROM ${table} ORDER BY 1, 2`)),
      )
      expect(first.length, table).toBeGreaterThan(0)
      expect(second, table).toEqual(first)
    }
    expect((await shops[0]!.client.get('/api/inventory')).body.total).toBe(100)
  } finally {
    await Promise.all(shops.map((shop) => shop.stop()))
  }
})

it('a shop that has rows is not seeded again, and keeps its signing key', async () => {
  const shop = await startShop({ rows: 30 })
  const again = await createMonolith({ databaseUrl: shop.databaseUrl, rows: 5_000, logLevel: 'silent' })
  try {
    expect(again.tokens.keySet).toEqual(shop.app.tokens.keySet)
    expect((await shop.client.get('/api/inventory')).body.total).toBe(30)
  } finally {
    await again.stop()
    await shop.stop()
  }
})

it('seeds 30,000 rows in seconds, not minutes', { timeout: 60_000 }, async () => {
  const began = performance.now()
  const shop = await startShop({ rows: 30_000 })
  try {
    expect((await shop.client.get('/api/inventory?pageSize=1')).body.total).toBe(30_000)
    expect(performance.now() - began).toBeLessThan(30_000)
  } finally {
    await shop.stop()
  }
})

it('the services start with the shop’s rows and number on where it stopped', async () => {
  const shop = await startShop({ rows: 60 })
  const inventory = await startInventory(shop)
  const orders = await startOrders(shop, inventory.url)
  try {
    const rows = (app: typeof shop.app | typeof orders.app, sql: string) => app.dataSource.query(sql)
    expect(
      await rows(inventory.app, 'SELECT sku, warehouse, on_hand AS n, updated_at FROM stock ORDER BY 1, 2'),
    ).toEqual(
      await rows(
        shop.app,
        'SELECT sku, warehouse_code AS warehouse, qty_on_hand AS n, updated_at FROM inventory_stock ORDER BY 1, 2',
      ),
    )
    expect(
      await rows(orders.app, 'SELECT order_id, position AS n, sku FROM order_items ORDER BY 1, 2'),
    ).toEqual(await rows(shop.app, 'SELECT order_id, line_no AS n, sku FROM order_items ORDER BY 1, 2'))
    const [{ next }] = await rows(
      orders.app,
      "SELECT nextval(pg_get_serial_sequence('orders', 'id')) AS next",
    )
    const [{ max }] = await rows(shop.app, 'SELECT max(id) AS max FROM orders')
    expect(Number(next)).toBe(Number(max) + 1)
  } finally {
    await orders.stop()
    await inventory.stop()
    await shop.stop()
  }
})
