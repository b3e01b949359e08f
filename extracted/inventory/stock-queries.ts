import { createHash } from 'node:crypto'
import type { EntityManager } from 'typeorm'
import { notFound } from '../platform/problem.ts'
import { type Stock, StockMovementSchema, StockSchema, WarehouseSchema } from './inventory-entities.ts'

export interface StockFilter {
  readonly page: number
  readonly pageSize: number
  readonly warehouse?: string | undefined
  readonly sku?: string | undefined
}

/** All rows of one sku, by warehouse. Throws 404 when there is none. */
export async function findStock(manager: EntityManager, sku: string): Promise<Stock[]> {
  const rows = await manager.getRepository(StockSchema).find({ where: { sku }, order: { warehouse: 'ASC' } })
  if (rows.length === 0) throw notFound(`Stock of ${sku}`)
  return rows
}

export async function listStock(manager: EntityManager, filter: StockFilter) {
  const query = manager
    .getRepository(StockSchema)
    .createQueryBuilder('stock')
    .orderBy('stock.sku')
    .addOrderBy('stock.warehouse')
    .skip((filter.page - 1) * filter.pageSize)
    .take(filter.pageSize)
  if (filter.warehouse !== undefined) query.andWhere('stock.warehouse = :warehouse', filter)
  if (filter.sku !== undefined) query.andWhere('stock.sku LIKE :prefix', { prefix: `${filter.sku}%` })
  const [rows, total] = await query.getManyAndCount()
  return { rows, total }
}

/** Rows that have fallen to their reorder point. */
export function listLowStock(manager: EntityManager, limit: number): Promise<Stock[]> {
  return manager
    .getRepository(StockSchema)
    .createQueryBuilder('stock')
    .where('stock.onHand - stock.reserved <= stock.reorderPoint')
    .orderBy('stock.sku')
    .addOrderBy('stock.warehouse')
    .limit(limit)
    .getMany()
}

export const listWarehouses = (manager: EntityManager) =>
  manager.getRepository(WarehouseSchema).find({ order: { code: 'ASC' } })

export function listMovements(manager: EntityManager, sku: string, limit: number) {
  return manager
    .getRepository(StockMovementSchema)
    .find({ where: { sku }, order: { id: 'DESC' }, take: limit })
}

/** The same for the same stock, whatever order the rows came in: the time of the answer is no part of it. */
export function stockTag(rows: readonly Stock[]): string {
  const lines = rows
    .map((row) => [row.warehouse, row.onHand, row.reserved, row.reorderPoint].join(':'))
    .sort()
  return `W/"${createHash('sha1').update(lines.join('|')).digest('hex').slice(0, 20)}"`
}
