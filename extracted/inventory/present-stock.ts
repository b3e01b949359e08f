import type { Reservation, ReservationLine, Stock, StockMovement } from './inventory-entities.ts'

const isLow = (row: Stock) => row.onHand - row.reserved <= row.reorderPoint
const sum = (rows: readonly Stock[], pick: (row: Stock) => number) =>
  rows.reduce((total, row) => total + pick(row), 0)

export const presentRow = (row: Stock) => ({
  sku: row.sku,
  warehouse: row.warehouse,
  onHand: row.onHand,
  reserved: row.reserved,
  available: row.onHand - row.reserved,
  reorderPoint: row.reorderPoint,
  lowStock: isLow(row),
  updatedAt: row.updatedAt,
})

export function presentSku(rows: readonly Stock[]) {
  const onHand = sum(rows, (row) => row.onHand)
  const reserved = sum(rows, (row) => row.reserved)
  return {
    sku: rows[0]?.sku ?? '',
    onHand,
    reserved,
    available: onHand - reserved,
    lowStock: rows.some(isLow),
    fillRate: onHand === 0 ? 0 : (onHand - reserved) / onHand,
    // Euros as floats, added in whatever order the rows came: the last digit is not to be relied on.
    stockValue: sum(rows, (row) => row.onHand * (row.unitCostCents / 100)),
    locations: rows.map(presentRow),
  }
}

/** A reservation whose time is over is shown as expired even before the sweeper has released its stock. */
export function presentReservation(reservation: Reservation, lines: readonly ReservationLine[], now: Date) {
  const overdue = reservation.status === 'pending' && reservation.expiresAt <= now
  return {
    id: reservation.id,
    status: overdue ? 'expired' : reservation.status,
    reference: reservation.reference,
    items: lines.map(({ sku, warehouse, quantity }) => ({ sku, warehouse, quantity })),
    expiresAt: reservation.expiresAt,
    createdAt: reservation.createdAt,
    updatedAt: reservation.updatedAt,
  }
}

export const presentMovement = (movement: StockMovement) => ({
  id: movement.id,
  warehouse: movement.warehouse,
  onHandDelta: movement.onHandDelta,
  reservedDelta: movement.reservedDelta,
  reason: movement.reason,
  reference: movement.reference,
  createdAt: movement.createdAt,
})
