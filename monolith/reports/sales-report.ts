import type { DataSource } from 'typeorm'
import { z } from 'zod'
import { OrderItemSchema } from '../orders/order-entities.ts'

export const salesQuery = z.object({
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
})
export type SalesQuery = z.infer<typeof salesQuery>

export interface SalesRow {
  readonly sku: string
  readonly name: string
  readonly quantity: number
  readonly revenue: number
}

interface RawSalesRow {
  readonly sku: string
  readonly name: string
  readonly quantity: string | number
  readonly cents: string | number
}

/** What was sold between two days (both included), the best seller first. */
export async function salesBySku(
  dataSource: DataSource,
  { from, to, limit }: SalesQuery,
): Promise<SalesRow[]> {
  const query = dataSource
    .getRepository(OrderItemSchema)
    .createQueryBuilder('item')
    .innerJoin('Order', 'o', 'o.id = item.orderId')
    .select('item.sku', 'sku')
    .addSelect('MIN(item.name)', 'name')
    .addSelect('SUM(item.quantity)', 'quantity')
    .addSelect('SUM(item.quantity * item.unitPriceCents)', 'cents')
    .where('o.status IN (:...sold)', { sold: ['placed', 'shipped'] })
    .groupBy('item.sku')
    .orderBy('SUM(item.quantity * item.unitPriceCents)', 'DESC')
    .addOrderBy('item.sku')
    .limit(limit)
  if (from !== undefined) query.andWhere('o.placedAt >= :from', { from: new Date(`${from}T00:00:00Z`) })
  if (to !== undefined)
    query.andWhere('o.placedAt < :to', { to: new Date(Date.parse(`${to}T00:00:00Z`) + 86_400_000) })
  const rows = await query.getRawMany<RawSalesRow>()
  return rows.map((row) => ({
    ...{ sku: row.sku, name: row.name, quantity: Number(row.quantity) },
    revenue: Number(row.cents) / 100,
  }))
}

/** RFC 4180. A leading = + - @ gets an apostrophe, because spreadsheets would run it. */
export function toCsv(rows: readonly SalesRow[]): string {
  const cell = (value: string | number) => {
    const text = typeof value === 'string' && /^[=+\-@]/.test(value) ? `'${value}` : String(value)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  const lines = rows.map((row) =>
    [row.sku, row.name, row.quantity, row.revenue.toFixed(2)].map(cell).join(','),
  )
  return ['sku,name,quantity,revenue', ...lines].map((line) => `${line}\r\n`).join('')
}
