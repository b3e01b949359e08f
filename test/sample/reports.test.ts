import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Monolith } from '../../monolith/create-monolith.ts'
import { toCsv } from '../../monolith/reports/sales-report.ts'
import { type Running, signIn, startShop } from './sample-shop.ts'

/** Deals the same numbers again and again: what the report takes for chance. */
const chance = (...numbers: number[]) => {
  let next = 0
  return () => numbers[next++ % numbers.length] ?? 0
}

describe('the inventory report of the monolith', () => {
  it('fails as often as it is told to, with a problem', async () => {
    // Two numbers a report: one for the delay, one for its luck.
    const shop = await startShop({ reportFailureRate: 0.4, random: chance(0, 0.3, 0, 0.5, 0, 0.39, 0, 0.41) })
    try {
      const statuses: number[] = []
      for (let report = 0; report < 4; report++)
        statuses.push((await shop.client.get('/api/inventory/report')).status)
      expect(statuses).toEqual([500, 200, 500, 200])
    } finally {
      await shop.stop()
    }
  })

  it('takes at least the delay, while everything else stays quick', async () => {
    const shop = await startShop({ reportDelayMs: 1_000, random: () => 0.999 })
    try {
      const began = performance.now()
      const finished: string[] = []
      const report = shop.client.get('/api/inventory/report').then(() => finished.push('report'))
      const stock = shop.client.get('/api/inventory/SKU-00001').then(() => finished.push('stock'))
      await Promise.all([report, stock])
      expect(finished).toEqual(['stock', 'report'])
      expect(performance.now() - began).toBeGreaterThanOrEqual(1_490)
    } finally {
      await shop.stop()
    }
  })

  it('is noisy in the order of lists and in the last digits of floats, and in nothing else', async () => {
    const shop = await startShop({ noise: true, rows: 300 })
    try {
      const orders = new Set<string>()
      const values = new Set<number>()
      const rounded = new Set<number>()
      for (let call = 0; call < 25; call++) {
        const { body: sku } = await shop.client.get('/api/inventory/SKU-00001')
        orders.add(sku.locations.map((row: { warehouse: string }) => row.warehouse).join())
        const { stockValue } = (await shop.client.get('/api/inventory/report')).body.totals
        values.add(stockValue)
        rounded.add(Math.round(stockValue * 100))
      }
      expect(orders.size).toBeGreaterThan(1)
      expect(values.size).toBeGreaterThan(1)
      expect(rounded.size).toBe(1)
    } finally {
      await shop.stop()
    }
  })
})

describe('the sales report', () => {
  let shop: Running<Monolith>
  let token: string
  beforeAll(async () => {
    shop = await startShop({ rows: 300 })
    token = await signIn(shop, 1)
  })
  afterAll(() => shop?.stop())

  it('adds what was sold up, the best seller first, between two days', async () => {
    const staff = shop.client.as(token)
    const { body } = await staff.get('/api/reports/sales?limit=10000')
    const revenues = body.items.map((item: { revenue: number }) => item.revenue)
    expect(revenues).toEqual(revenues.toSorted((a: number, b: number) => b - a))
    const [{ cents }] = await shop.app.dataSource.query(
      "SELECT SUM(total_cents) AS cents FROM orders WHERE status IN ('placed', 'shipped')",
    )
    expect(body.revenue).toBeCloseTo(Number(cents) / 100, 2)
    expect((await staff.get('/api/reports/sales?to=2024-12-31')).body.items).toEqual([])
    const half = await staff.get('/api/reports/sales?from=2025-01-01&to=2025-04-01&limit=10000')
    expect(half.body.revenue).toBeGreaterThan(0)
    expect(half.body.revenue).toBeLessThan(body.revenue)
  })

  it('comes as a file with a name', async () => {
    const { status, headers, body } = await shop.client.as(token).get('/api/reports/sales.csv')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(headers.get('content-disposition')).toMatch(
      /^attachment; filename="?sales-\d{4}-\d\d-\d\d\.csv"?$/,
    )
    expect(body.split('\r\n')[0]).toBe('sku,name,quantity,revenue')
  })

  it('is for staff', async () => {
    const customer = shop.client.as(await signIn(shop, 2))
    expect((await customer.get('/api/reports/sales')).status).toBe(403)
    expect((await customer.get('/api/reports/sales.csv')).status).toBe(403)
  })

  it('quotes what a spreadsheet would take apart or run', () => {
    const csv = toCsv([{ sku: 'A,"1"', name: '=cmd()', quantity: 2, revenue: 3 }])
    expect(csv).toBe('sku,name,quantity,revenue\r\n"A,""1""",\'=cmd(),2,3.00\r\n')
  })
})
