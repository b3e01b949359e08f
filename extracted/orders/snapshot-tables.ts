import type { EntitySchema } from 'typeorm'
import type { TableCopy } from '../platform/copy-snapshot.ts'
import { OrderItemSchema, OrderSchema } from './order-entities.ts'

/** The orders' tables in the shop's database, and what their columns are called there. */
export const snapshotTables: readonly TableCopy[] = [
  {
    from: 'orders',
    to: OrderSchema as EntitySchema<never>,
    orderBy: ['id'],
    identity: 'id',
    columns: {
      id: 'id',
      reference: 'reference',
      userId: 'user_id',
      status: 'status',
      totalCents: 'total_cents',
      currency: 'currency',
      idempotencyKey: 'idempotency_key',
      reservationId: 'reservation_id',
      placedAt: 'placed_at',
      updatedAt: 'updated_at',
    },
  },
  {
    from: 'order_items',
    to: OrderItemSchema as EntitySchema<never>,
    orderBy: ['order_id', 'line_no'],
    columns: {
      orderId: 'order_id',
      line: 'line_no',
      sku: 'sku',
      name: 'name',
      quantity: 'quantity',
      unitPriceCents: 'unit_price_cents',
    },
  },
]
