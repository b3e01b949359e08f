import { type DataSource, type EntityManager, LessThanOrEqual } from 'typeorm'
import { notFound, Problem } from '../platform/problem.ts'
import { type Reservation, type ReservationLine, ReservationSchema } from './inventory-entities.ts'
import { findLines, type ReservationOutcome } from './reservations.ts'
import { applyDeltas, lockStock, type StockDelta } from './stock-ledger.ts'

type Settlement = 'confirmed' | 'cancelled' | 'expired'

interface StockEffect {
  readonly onHand: -1 | 0 | 1
  readonly reserved: -1 | 0
  readonly reason: string
}

/** What each lawful step does to the stock, per piece. `null`: it has been done already. A missing step is a conflict. */
const EFFECTS: Record<string, StockEffect | null> = {
  'pending>confirmed': { onHand: -1, reserved: -1, reason: 'sale' },
  'pending>cancelled': { onHand: 0, reserved: -1, reason: 'release' },
  'pending>expired': { onHand: 0, reserved: -1, reason: 'expire' },
  'confirmed>cancelled': { onHand: 1, reserved: 0, reason: 'return' },
  'confirmed>confirmed': null,
  'cancelled>cancelled': null,
  'expired>cancelled': null,
  'expired>expired': null,
}

export const settleReservation = (
  dataSource: DataSource,
  id: string,
  to: Settlement,
): Promise<ReservationOutcome> => dataSource.transaction((tx) => settleInside(tx, id, to))

/** Confirms, cancels or expires inside the caller's transaction. Doing it twice is the same as once. */
export async function settleInside(
  tx: EntityManager,
  id: string,
  to: Settlement,
): Promise<ReservationOutcome> {
  const reservations = tx.getRepository(ReservationSchema)
  const reservation = await reservations.findOne({ where: { id }, lock: { mode: 'pessimistic_write' } })
  if (reservation === null) throw notFound(`Reservation ${id}`)
  const lines = await findLines(tx, id)
  const effect = effectOf(reservation, to)
  if (effect === null) return { reservation, lines, changes: [], replayed: true }
  const locked = await lockStock(
    tx,
    lines.map((line) => line.sku),
  )
  const changes = await applyDeltas(tx, locked, toDeltas(lines, effect))
  const settled = { ...reservation, status: to, updatedAt: new Date() }
  await reservations.update({ id }, { status: to, updatedAt: settled.updatedAt })
  return { reservation: settled, lines, changes, replayed: false }
}

function effectOf(reservation: Reservation, to: Settlement): StockEffect | null {
  const overdue = reservation.status === 'pending' && reservation.expiresAt <= new Date()
  const effect = EFFECTS[`${reservation.status}>${to}`]
  if (effect === undefined || (overdue && to === 'confirmed'))
    throw new Problem(
      409,
      'reservation_settled',
      `Reservation ${reservation.id} is ${overdue ? 'expired' : reservation.status}; it cannot become ${to}.`,
    )
  return effect
}

const toDeltas = (
  lines: readonly ReservationLine[],
  { onHand, reserved, reason }: StockEffect,
): StockDelta[] =>
  lines.map(({ sku, warehouse, quantity, reservationId }) => ({
    sku,
    warehouse,
    onHand: onHand * quantity,
    reserved: reserved * quantity,
    reason,
    reference: reservationId,
  }))

/** Releases the stock of overdue reservations, each in its own transaction; returns what changed. */
export async function expireReservations(dataSource: DataSource, limit = 200) {
  const overdue = await dataSource.getRepository(ReservationSchema).find({
    where: { status: 'pending', expiresAt: LessThanOrEqual(new Date()) },
    order: { expiresAt: 'ASC' },
    take: limit,
  })
  const outcomes: ReservationOutcome[] = []
  for (const { id } of overdue) {
    const outcome = await settleReservation(dataSource, id, 'expired').catch((error: unknown) => {
      // Confirmed or cancelled since we looked: nothing is left to release.
      if (error instanceof Problem && error.code === 'reservation_settled') return null
      throw error
    })
    if (outcome !== null) outcomes.push(outcome)
  }
  return outcomes.flatMap((outcome) => outcome.changes)
}
