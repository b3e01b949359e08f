import { EntitySchema } from 'typeorm'

/**
 * `pending` lies between the order's own commit and its stock; `failed` is an order whose stock could not be given back
 * yet.
 */
export type OrderStatus = 'pending' | 'placed' | 'shipped' | 'cancelled' | 'failed'

export interface Order {
  id: number
  reference: string
  userId: number
  status: OrderStatus
  totalCents: number
  currency: string
  idempotencyKey: string | null
  reservationId: string | null
  placedAt: Date
  updatedAt: Date
}

export interface OrderItem {
  orderId: number
  line: number
  sku: string
  name: string
  quantity: number
  unitPriceCents: number
}

const instant = { type: 'timestamptz', precision: 3 } as const

export const OrderSchema = new EntitySchema<Order>({
  name: 'Order',
  tableName: 'orders',
  columns: {
    id: { type: 'int', primary: true, generated: 'increment' },
    reference: { type: 'varchar', length: 40, unique: true },
    userId: { name: 'customer_id', type: 'int' },
    status: { type: 'varchar', length: 20 },
    totalCents: { name: 'total_cents', type: 'int' },
    currency: { type: 'varchar', length: 3 },
    idempotencyKey: { name: 'idempotency_key', type: 'varchar', length: 120, nullable: true },
    reservationId: { name: 'reservation_id', type: 'varchar', length: 40, nullable: true },
    placedAt: { name: 'placed_at', ...instant },
    updatedAt: { name: 'updated_at', ...instant },
  },
  uniques: [{ name: 'orders_once_per_key', columns: ['userId', 'idempotencyKey'] }],
  indices: [
    { name: 'orders_user', columns: ['userId', 'id'] },
    { name: 'orders_status', columns: ['status', 'updatedAt'] },
  ],
})

export const OrderItemSchema = new EntitySchema<OrderItem>({
  name: 'OrderItem',
  tableName: 'order_items',
  columns: {
    orderId: { name: 'order_id', type: 'int', primary: true },
    line: { name: 'position', type: 'int', primary: true },
    sku: { type: 'varchar', length: 40 },
    name: { type: 'varchar', length: 200 },
    quantity: { type: 'int' },
    unitPriceCents: { name: 'unit_price_cents', type: 'int' },
  },
  indices: [{ name: 'order_items_sku', columns: ['sku'] }],
  foreignKeys: [
    { target: 'Order', columnNames: ['orderId'], referencedColumnNames: ['id'], onDelete: 'CASCADE' },
  ],
})

export const orderEntities = [OrderSchema, OrderItemSchema]
