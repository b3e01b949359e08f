import { type EntityManager, In } from 'typeorm'
import type { OrderDraft } from './order-draft.ts'
import {
  type Order,
  type OrderItem,
  OrderItemSchema,
  OrderSchema,
  type OrderStatus,
} from './order-entities.ts'

export async function insertOrder(tx: EntityManager, draft: OrderDraft, status: OrderStatus): Promise<Order> {
  const now = new Date()
  const orders = tx.getRepository(OrderSchema)
  const order = orders.create({
    reference: draft.reference,
    userId: draft.userId,
    status,
    totalCents: draft.items.reduce((sum, item) => sum + item.quantity * item.unitPriceCents, 0),
    currency: 'EUR',
    idempotencyKey: draft.idempotencyKey,
    reservationId: null,
    placedAt: now,
    updatedAt: now,
  })
  await orders.insert(order)
  const items = draft.items.map((item, index) => ({ orderId: order.id, line: index + 1, ...item }))
  await tx.getRepository(OrderItemSchema).insert(items)
  return order
}

/** Moves the order on if it still has the expected status; `null` when somebody else decided first. */
export async function advanceOrder(
  tx: EntityManager,
  order: Order,
  to: { status: OrderStatus; reservationId?: string },
): Promise<Order | null> {
  const changes = { ...to, updatedAt: new Date() }
  const { affected } = await tx
    .getRepository(OrderSchema)
    .update({ id: order.id, status: order.status }, changes)
  return affected === 1 ? { ...order, ...changes } : null
}

export async function findItems(manager: EntityManager, orderIds: readonly number[]): Promise<OrderItem[]> {
  if (orderIds.length === 0) return []
  return manager
    .getRepository(OrderItemSchema)
    .find({ where: { orderId: In([...orderIds]) }, order: { orderId: 'ASC', line: 'ASC' } })
}

export function presentOrder(order: Order, items: readonly OrderItem[]) {
  const own = items.filter((item) => item.orderId === order.id)
  return {
    id: order.id,
    reference: order.reference,
    status: order.status,
    items: own.map((item) => ({
      sku: item.sku,
      name: item.name,
      quantity: item.quantity,
      unitPrice: item.unitPriceCents / 100,
      lineTotal: (item.quantity * item.unitPriceCents) / 100,
    })),
    total: order.totalCents / 100,
    currency: order.currency,
    reservationId: order.reservationId,
    placedAt: order.placedAt,
    updatedAt: order.updatedAt,
  }
}
