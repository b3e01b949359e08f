import { EntitySchema } from 'typeorm'

export interface Warehouse {
  code: string
  name: string
  city: string
}

/** What lies in one warehouse of one sku. Free to promise: `onHand - reserved`. */
export interface Stock {
  sku: string
  warehouse: string
  onHand: number
  reserved: number
  reorderPoint: number
  unitCostCents: number
  updatedAt: Date
}

export type ReservationStatus = 'pending' | 'confirmed' | 'cancelled' | 'expired'

export interface Reservation {
  id: string
  idempotencyKey: string
  requestHash: string
  reference: string | null
  status: ReservationStatus
  createdBy: string
  expiresAt: Date
  createdAt: Date
  updatedAt: Date
}

export interface ReservationLine {
  reservationId: string
  line: number
  sku: string
  warehouse: string
  quantity: number
}

export interface StockMovement {
  id: number
  sku: string
  warehouse: string
  onHandDelta: number
  reservedDelta: number
  reason: string
  reference: string | null
  idempotencyKey: string | null
  createdAt: Date
}

const instant = { type: 'timestamptz', precision: 3 } as const

export const WarehouseSchema = new EntitySchema<Warehouse>({
  name: 'Warehouse',
  tableName: 'warehouses',
  columns: {
    code: { type: 'varchar', length: 20, primary: true },
    name: { type: 'varchar', length: 120 },
    city: { type: 'varchar', length: 120 },
  },
})

export const StockSchema = new EntitySchema<Stock>({
  name: 'Stock',
  tableName: 'stock',
  columns: {
    sku: { type: 'varchar', length: 40, primary: true },
    warehouse: { type: 'varchar', length: 20, primary: true },
    onHand: { name: 'on_hand', type: 'int' },
    reserved: { type: 'int' },
    reorderPoint: { name: 'reorder_point', type: 'int' },
    unitCostCents: { name: 'unit_cost_cents', type: 'int' },
    updatedAt: { name: 'updated_at', ...instant },
  },
  checks: [{ name: 'stock_sane', expression: 'reserved >= 0 AND on_hand >= reserved' }],
  foreignKeys: [{ target: 'Warehouse', columnNames: ['warehouse'], referencedColumnNames: ['code'] }],
})

export const ReservationSchema = new EntitySchema<Reservation>({
  name: 'Reservation',
  tableName: 'reservations',
  columns: {
    id: { type: 'varchar', length: 40, primary: true },
    idempotencyKey: { name: 'idempotency_key', type: 'varchar', length: 120, unique: true },
    requestHash: { name: 'request_hash', type: 'varchar', length: 64 },
    reference: { type: 'varchar', length: 120, nullable: true },
    status: { type: 'varchar', length: 20 },
    createdBy: { name: 'created_by', type: 'varchar', length: 60 },
    expiresAt: { name: 'expires_at', ...instant },
    createdAt: { name: 'created_at', ...instant },
    updatedAt: { name: 'updated_at', ...instant },
  },
  indices: [{ name: 'reservations_due', columns: ['status', 'expiresAt'] }],
})

export const ReservationLineSchema = new EntitySchema<ReservationLine>({
  name: 'ReservationLine',
  tableName: 'reservation_items',
  columns: {
    reservationId: { name: 'reservation_id', type: 'varchar', length: 40, primary: true },
    line: { name: 'position', type: 'int', primary: true },
    sku: { type: 'varchar', length: 40 },
    warehouse: { type: 'varchar', length: 20 },
    quantity: { type: 'int' },
  },
  indices: [{ name: 'reservation_items_sku', columns: ['sku'] }],
  foreignKeys: [
    {
      target: 'Reservation',
      columnNames: ['reservationId'],
      referencedColumnNames: ['id'],
      onDelete: 'CASCADE',
    },
  ],
})

export const StockMovementSchema = new EntitySchema<StockMovement>({
  name: 'StockMovement',
  tableName: 'movements',
  columns: {
    id: { type: 'int', primary: true, generated: 'increment' },
    sku: { type: 'varchar', length: 40 },
    warehouse: { type: 'varchar', length: 20 },
    onHandDelta: { name: 'on_hand_delta', type: 'int' },
    reservedDelta: { name: 'reserved_delta', type: 'int' },
    reason: { type: 'varchar', length: 60 },
    reference: { type: 'varchar', length: 120, nullable: true },
    idempotencyKey: { name: 'idempotency_key', type: 'varchar', length: 160, nullable: true, unique: true },
    createdAt: { name: 'created_at', ...instant },
  },
  indices: [{ name: 'movements_sku', columns: ['sku', 'id'] }],
})

export const inventoryEntities = [
  WarehouseSchema,
  StockSchema,
  ReservationSchema,
  ReservationLineSchema,
  StockMovementSchema,
]
