import { Problem } from '../platform/problem.ts'
import type { Stock } from './inventory-entities.ts'

export interface WantedItem {
  readonly sku: string
  readonly quantity: number
  readonly warehouse?: string | undefined
}

export interface Allocation {
  readonly sku: string
  readonly warehouse: string
  readonly quantity: number
}

/**
 * Spreads what is wanted over the warehouses that have it, in the order of the rows. All or nothing.
 * Throws 404 for a sku without any row, 409 `insufficient_stock` naming every sku that falls short.
 */
export function allocateStock(rows: readonly Stock[], wanted: readonly WantedItem[]): Allocation[] {
  const free = new Map(rows.map((row) => [row, row.onHand - row.reserved]))
  const allocations: Allocation[] = []
  const shortages: { sku: string; missing: number }[] = []
  for (const item of wanted) {
    const candidates = rows.filter(
      (row) => row.sku === item.sku && (item.warehouse ?? row.warehouse) === row.warehouse,
    )
    if (candidates.length === 0) throw new Problem(404, 'unknown_sku', `There is no stock of ${item.sku}.`)
    const missing = takeFrom(candidates, item.quantity, free, allocations)
    if (missing > 0) shortages.push({ sku: item.sku, missing })
  }
  if (shortages.length > 0) {
    const names = shortages.map(({ sku, missing }) => `${sku} (${missing} missing)`).join(', ')
    throw new Problem(409, 'insufficient_stock', `There is too little stock of ${names}.`, { shortages })
  }
  return allocations
}

function takeFrom(
  candidates: readonly Stock[],
  quantity: number,
  free: Map<Stock, number>,
  into: Allocation[],
) {
  let missing = quantity
  for (const row of candidates) {
    const available = free.get(row) ?? 0
    const taken = Math.min(available, missing)
    if (taken <= 0) continue
    free.set(row, available - taken)
    into.push({ sku: row.sku, warehouse: row.warehouse, quantity: taken })
    missing -= taken
  }
  return missing
}
