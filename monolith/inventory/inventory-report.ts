import { setTimeout as sleep } from 'node:timers/promises'
import type { RequestHandler } from 'express'
import type { DataSource } from 'typeorm'
import { dealOut } from '../http/deal-out.ts'
import { Problem } from '../http/problem.ts'
import { stamp } from '../http/request-context.ts'
import { type Stock, StockSchema, WarehouseSchema } from './inventory-entities.ts'

export interface ReportOptions {
  /** What the report takes at least; half of it more by chance. */
  readonly delayMs: number
  /** Share of the reports that fail, 0 to 1. */
  readonly failureRate: number
  /** A number in [0, 1). */
  readonly random: () => number
  /** Adds the rows up in any order, as they would come from a big table: floats then differ in their last digits. */
  readonly noise: boolean
}

interface WarehouseTotals {
  warehouse: string
  skus: number
  onHand: number
  reserved: number
  lowStock: number
  stockValue: number
}

/**
 * The report everybody complains about: it loads every row of every warehouse, one warehouse after the other, adds
 * them up here, and now and then it fails. The delay stands for the years of data that a sample does not have.
 */
export function inventoryReport(dataSource: DataSource, options: ReportOptions): RequestHandler {
  return async (_request, response) => {
    await sleep(options.delayMs * (1 + options.random() / 2))
    if (options.random() < options.failureRate)
      throw new Problem(500, 'report_failed', 'The report could not be made: the temporary table was lost.')
    const warehouses: WarehouseTotals[] = []
    for (const { code } of await dataSource.getRepository(WarehouseSchema).find({ order: { code: 'ASC' } })) {
      const rows = await dataSource.getRepository(StockSchema).findBy({ warehouse: code })
      warehouses.push(addUp(code, options.noise ? dealOut(rows, options.random) : rows))
    }
    const totals = warehouses.reduce(
      (sum, part) => ({
        onHand: sum.onHand + part.onHand,
        reserved: sum.reserved + part.reserved,
        lowStock: sum.lowStock + part.lowStock,
        stockValue: sum.stockValue + part.stockValue,
      }),
      { onHand: 0, reserved: 0, lowStock: 0, stockValue: 0 },
    )
    response.json(stamp(response, { warehouses, totals }))
  }
}

function addUp(warehouse: string, rows: readonly Stock[]): WarehouseTotals {
  const totals = { warehouse, skus: rows.length, onHand: 0, reserved: 0, lowStock: 0, stockValue: 0 }
  for (const row of rows) {
    totals.onHand += row.onHand
    totals.reserved += row.reserved
    if (row.onHand - row.reserved <= row.reorderPoint) totals.lowStock += 1
    totals.stockValue += row.onHand * (row.unitCostCents / 100)
  }
  return totals
}
