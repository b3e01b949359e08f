import type { EntitySchema } from 'typeorm'
import type { TableCopy } from '../platform/copy-snapshot.ts'
import {
  ReservationLineSchema,
  ReservationSchema,
  StockMovementSchema,
  StockSchema,
  WarehouseSchema,
} from './inventory-entities.ts'

const table = (to: object, copy: Omit<TableCopy, 'to'>): TableCopy => ({
  to: to as EntitySchema<never>,
  ...copy,
})

/** The inventory's tables in the shop's database, and what their columns are called there. */
export const snapshotTables: readonly TableCopy[] = [
  table(WarehouseSchema, {
    from: 'warehouses',
    orderBy: ['code'],
    columns: { code: 'code', name: 'name', city: 'city' },
  }),
  table(StockSchema, {
    from: 'inventory_stock',
    orderBy: ['sku', 'warehouse_code'],
    columns: {
      sku: 'sku',
      warehouse: 'warehouse_code',
      onHand: 'qty_on_hand',
      reserved: 'qty_reserved',
      reorderPoint: 'reorder_point',
      unitCostCents: 'unit_cost_cents',
      updatedAt: 'updated_at',
    },
  }),
  table(ReservationSchema, {
    from: 'stock_reservations',
    orderBy: ['id'],
    columns: {
      id: 'id',
      idempotencyKey: 'idempotency_key',
      requestHash: 'request_hash',
      reference: 'reference',
      status: 'status',
      createdBy: 'created_by',
      expiresAt: 'expires_at',
      createdAt: 'created_at',
      updatedAt: 'updated_at',
    },
  }),
  table(ReservationLineSchema, {
    from: 'stock_reservation_lines',
    orderBy: ['reservation_id', 'line_no'],
    columns: {
      reservationId: 'reservation_id',
      line: 'line_no',
      sku: 'sku',
      warehouse: 'warehouse_code',
      quantity: 'quantity',
    },
  }),
  table(StockMovementSchema, {
    from: 'stock_movements',
    orderBy: ['id'],
    identity: 'id',
    columns: {
      id: 'id',
      sku: 'sku',
      warehouse: 'warehouse_code',
      onHandDelta: 'on_hand_delta',
      reservedDelta: 'reserved_delta',
      reason: 'reason',
      reference: 'reference',
      idempotencyKey: 'idempotency_key',
      createdAt: 'created_at',
    },
  }),
]
