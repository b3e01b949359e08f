import type { DataSource, EntityManager } from 'typeorm'
import { notFound, Problem } from '../platform/problem.ts'
import { isUniqueViolation } from '../platform/unique-violation.ts'
import { StockMovementSchema, StockSchema, WarehouseSchema } from './inventory-entities.ts'
import {
  applyDeltas,
  findRow,
  lockStock,
  type StockChange,
  type StockDelta,
  toChange,
} from './stock-ledger.ts'

export interface CountedStock {
  readonly sku: string
  readonly warehouse: string
  readonly onHand: number
  readonly reorderPoint?: number | undefined
}

export interface StockChanges {
  readonly created: boolean
  readonly changes: StockChange[]
}

const requireWarehouse = async (tx: EntityManager, code: string) => {
  if (!(await tx.getRepository(WarehouseSchema).existsBy({ code }))) throw notFound(`Warehouse ${code}`)
}

/**
 * Sets what was counted. Makes the row when a sku has not been in that warehouse before; the catalogue is not ours, so
 * a sku is known here when some warehouse has it.
 */
export async function countStock(dataSource: DataSource, counted: CountedStock): Promise<StockChanges> {
  try {
    return await countOnce(dataSource, counted)
  } catch (error) {
    // Someone else made the row between our look and our insert; now there is one to lock.
    if (isUniqueViolation(error)) return countOnce(dataSource, counted)
    throw error
  }
}

function countOnce(dataSource: DataSource, counted: CountedStock): Promise<StockChanges> {
  return dataSource.transaction(async (tx) => {
    const locked = await lockStock(tx, [counted.sku])
    if (locked.length === 0) throw notFound(`Stock of ${counted.sku}`)
    const row = findRow(locked, counted.sku, counted.warehouse)
    if (row === undefined)
      return { created: true, changes: [await firstStock(tx, counted, locked[0]?.unitCostCents)] }
    const { sku, warehouse, reorderPoint = row.reorderPoint } = counted
    await tx.getRepository(StockSchema).update({ sku, warehouse }, { reorderPoint })
    const delta = { sku, warehouse, onHand: counted.onHand - row.onHand, reserved: 0, reason: 'count' }
    return { created: false, changes: await applyDeltas(tx, locked, [delta]) }
  })
}

async function firstStock(tx: EntityManager, counted: CountedStock, unitCostCents = 0): Promise<StockChange> {
  const { sku, warehouse, onHand, reorderPoint = 0 } = counted
  await requireWarehouse(tx, warehouse)
  const row = { sku, warehouse, onHand, reserved: 0, reorderPoint, unitCostCents, updatedAt: new Date() }
  await tx.getRepository(StockSchema).insert(row)
  await tx.getRepository(StockMovementSchema).insert({
    sku,
    warehouse,
    onHandDelta: onHand,
    reservedDelta: 0,
    reason: 'count',
    createdAt: row.updatedAt,
  })
  return toChange(row, 'count')
}

/**
 * Applies deltas in one transaction. With an idempotency key in the first delta, a repetition changes nothing and
 * answers with no changes: the movement's unique key is what decides, also between two that run at once.
 */
export async function moveStock(
  dataSource: DataSource,
  deltas: readonly StockDelta[],
): Promise<StockChange[]> {
  const key = deltas[0]?.idempotencyKey
  try {
    return await dataSource.transaction(async (tx) => {
      const skus = deltas.map((delta) => delta.sku)
      const locked = await lockStock(tx, skus)
      if (locked.length === 0) throw notFound(`Stock of ${skus.join(', ')}`)
      return applyDeltas(tx, locked, deltas)
    })
  } catch (error) {
    const repeated = key && (isUniqueViolation(error) || error instanceof Problem)
    if (repeated && (await wasApplied(dataSource, key))) return []
    throw error
  }
}

const wasApplied = (dataSource: DataSource, idempotencyKey: string) =>
  dataSource.getRepository(StockMovementSchema).existsBy({ idempotencyKey })
