import { randomUUID } from 'node:crypto'
import type { DataSource } from 'typeorm'
import { Problem } from '../platform/problem.ts'
import { isUniqueViolation } from '../platform/unique-violation.ts'
import type { CatalogueClient } from './catalogue-client.ts'
import type { CallContext } from './order-draft.ts'
import { type Order, OrderSchema } from './order-entities.ts'
import type { OrderPlacing } from './order-placing.ts'
import { findItems } from './order-store.ts'

export interface WantedItem {
  readonly sku: string
  readonly quantity: number
}

export interface OrderWish {
  readonly userId: number
  readonly idempotencyKey: string | null
  readonly items: readonly WantedItem[]
}

export interface OrderPlacement {
  readonly order: Order
  /** True when this wish had been fulfilled before. */
  readonly replayed: boolean
}

export interface PlaceOrderParts {
  readonly dataSource: DataSource
  readonly placing: OrderPlacing
  readonly catalogue: CatalogueClient
}

/** Places an order once for one user and idempotency key; of two that run at once, both get the same order. */
export async function placeOrder(
  parts: PlaceOrderParts,
  wish: OrderWish,
  call: CallContext,
): Promise<OrderPlacement> {
  const { dataSource, placing, catalogue } = parts
  const merged = { ...wish, items: mergeSameSkus(wish.items) }
  const earlier = await findEarlier(dataSource, merged)
  if (earlier !== null) return { order: await placing.resume(earlier, call), replayed: true }
  try {
    const items = await catalogue.priceItems(merged.items, call)
    return {
      order: await placing.place({ ...merged, items, reference: randomUUID() }, call),
      replayed: false,
    }
  } catch (error) {
    const winner = isUniqueViolation(error) ? await findEarlier(dataSource, merged) : null
    if (winner === null) throw error
    return { order: await placing.resume(winner, call), replayed: true }
  }
}

function mergeSameSkus(items: readonly WantedItem[]): WantedItem[] {
  const quantities = new Map<string, number>()
  for (const { sku, quantity } of items) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity)
  return [...quantities].map(([sku, quantity]) => ({ sku, quantity }))
}

async function findEarlier(
  dataSource: DataSource,
  { userId, idempotencyKey, items }: OrderWish,
): Promise<Order | null> {
  if (idempotencyKey === null) return null
  const earlier = await dataSource.getRepository(OrderSchema).findOneBy({ userId, idempotencyKey })
  if (earlier === null) return null
  const had = await findItems(dataSource.manager, [earlier.id])
  const isSame =
    had.length === items.length &&
    had.every((item, index) => item.sku === items[index]?.sku && item.quantity === items[index].quantity)
  if (isSame) return earlier
  const detail = `The idempotency key ${idempotencyKey} was used for another order.`
  throw new Problem(422, 'idempotency_key_reused', detail)
}
