import { type EntityManager, In } from 'typeorm'
import { Problem } from '../platform/problem.ts'
import { type Stock, StockMovementSchema, StockSchema } from './inventory-entities.ts'

export interface StockDelta {
  readonly sku: string
  readonly warehouse: string
  readonly onHand: number
  readonly reserved: number
  readonly reason: string
  readonly reference?: string | null
  readonly idempotencyKey?: string | null | undefined
}

/** A row of stock as a transaction left it; published after the commit. */
export interface StockChange {
  readonly sku: string
  readonly warehouse: string
  readonly onHand: number
  readonly reserved: number
  readonly available: number
  readonly reason: string
  readonly at: string
}

/**
 * Locks every row of the given skus until the transaction ends. Always in the order (sku, warehouse): two transactions
 * that lock in different orders would wait for each other.
 */
export function lockStock(tx: EntityManager, skus: readonly string[]): Promise<Stock[]> {
  return tx.getRepository(StockSchema).find({
    where: { sku: In([...new Set(skus)]) },
    order: { sku: 'ASC', warehouse: 'ASC' },
    lock: { mode: 'pessimistic_write' },
  })
}

export const findRow = (rows: readonly Stock[], sku: string, warehouse: string): Stock | undefined =>
  rows.find((row) => row.sku === sku && row.warehouse === warehouse)

function moved(row: Stock, delta: StockDelta, now: Date): Stock {
  const onHand = row.onHand + delta.onHand
  const reserved = row.reserved + delta.reserved
  if (reserved < 0 || onHand < reserved)
    throw new Problem(
      409,
      'insufficient_stock',
      `${row.sku} in ${row.warehouse} has too little stock for this.`,
      {
        available: row.onHand - row.reserved,
      },
    )
  return { ...row, onHand, reserved, updatedAt: now }
}

/** Applies deltas to rows that the transaction has locked, and writes one movement for each. */
export async function applyDeltas(
  tx: EntityManager,
  locked: readonly Stock[],
  deltas: readonly StockDelta[],
): Promise<StockChange[]> {
  const now = new Date()
  const rows = new Map(locked.map((row) => [`${row.sku}\n${row.warehouse}`, row]))
  const changes: StockChange[] = []
  for (const delta of deltas) {
    const key = `${delta.sku}\n${delta.warehouse}`
    const row = rows.get(key)
    if (row === undefined)
      throw new Problem(404, 'not_found', `Stock of ${delta.sku} in ${delta.warehouse} does not exist.`)
    const next = moved(row, delta, now)
    rows.set(key, next)
    await saveRow(tx, next)
    changes.push(toChange(next, delta.reason))
  }
  await tx.getRepository(StockMovementSchema).insert(deltas.map((delta) => toMovement(delta, now)))
  return changes
}

function saveRow(tx: EntityManager, { sku, warehouse, onHand, reserved, updatedAt }: Stock) {
  return tx.getRepository(StockSchema).update({ sku, warehouse }, { onHand, reserved, updatedAt })
}

const toMovement = (delta: StockDelta, createdAt: Date) => ({
  sku: delta.sku,
  warehouse: delta.warehouse,
  onHandDelta: delta.onHand,
  reservedDelta: delta.reserved,
  reason: delta.reason,
  reference: delta.reference ?? null,
  idempotencyKey: delta.idempotencyKey ?? null,
  createdAt,
})

export const toChange = (row: Stock, reason: string): StockChange => ({
  sku: row.sku,
  warehouse: row.warehouse,
  onHand: row.onHand,
  reserved: row.reserved,
  available: row.onHand - row.reserved,
  reason,
  at: row.updatedAt.toISOString(),
})
