import { createHash, randomUUID } from 'node:crypto'
import type { DataSource, EntityManager } from 'typeorm'
import type { Tell } from '../platform/background-work.ts'
import { notFound, Problem } from '../platform/problem.ts'
import { isUniqueViolation } from '../platform/unique-violation.ts'
import { allocateStock, type WantedItem } from './allocate-stock.ts'
import {
  type Reservation,
  type ReservationLine,
  ReservationLineSchema,
  ReservationSchema,
} from './inventory-entities.ts'
import { applyDeltas, lockStock, type StockChange } from './stock-ledger.ts'

export interface ReservationRequest {
  readonly idempotencyKey: string
  readonly createdBy: string
  readonly reference: string | null
  readonly items: readonly WantedItem[]
  readonly ttlSeconds: number
}

export interface ReservationOutcome {
  readonly reservation: Reservation
  readonly lines: readonly ReservationLine[]
  readonly changes: readonly StockChange[]
  /** True when the same key had been used before and nothing was done now. */
  readonly replayed: boolean
}

const hashRequest = ({ items, reference }: ReservationRequest) =>
  createHash('sha256')
    .update(JSON.stringify([items.map((i) => [i.sku, i.quantity, i.warehouse ?? null]), reference]))
    .digest('hex')

/**
 * Takes stock inside the caller's transaction: `pending` only sets it aside, `confirmed` takes it off the shelf.
 * The reservation is inserted first, so that a second request with the same key waits here and then fails.
 */
export async function openReservation(
  tx: EntityManager,
  request: ReservationRequest,
  status: 'pending' | 'confirmed',
): Promise<ReservationOutcome> {
  const now = new Date()
  const reservation: Reservation = {
    id: `rsv_${randomUUID()}`,
    idempotencyKey: request.idempotencyKey,
    requestHash: hashRequest(request),
    reference: request.reference,
    status,
    createdBy: request.createdBy,
    expiresAt: new Date(now.getTime() + request.ttlSeconds * 1_000),
    createdAt: now,
    updatedAt: now,
  }
  await tx.getRepository(ReservationSchema).insert(reservation)
  const locked = await lockStock(
    tx,
    request.items.map((item) => item.sku),
  )
  const lines = allocateStock(locked, request.items).map((part, index) => ({
    reservationId: reservation.id,
    line: index + 1,
    ...part,
  }))
  await tx.getRepository(ReservationLineSchema).insert(lines)
  const deltas = lines.map(({ sku, warehouse, quantity }) => ({
    sku,
    warehouse,
    onHand: status === 'confirmed' ? -quantity : 0,
    reserved: status === 'confirmed' ? 0 : quantity,
    reason: status === 'confirmed' ? 'sale' : 'reserve',
    reference: reservation.id,
  }))
  return { reservation, lines, changes: await applyDeltas(tx, locked, deltas), replayed: false }
}

/** Reserves in a transaction of its own, tells of it there, and honours the idempotency key. */
export async function reserve(
  dataSource: DataSource,
  request: ReservationRequest,
  tell: Tell,
): Promise<ReservationOutcome> {
  const earlier = await findReplay(dataSource, request)
  if (earlier !== null) return earlier
  try {
    return await dataSource.transaction(async (tx) => {
      const outcome = await openReservation(tx, request, 'pending')
      const pieces = outcome.lines.reduce((sum, line) => sum + line.quantity, 0)
      const { id: reservationId, reference } = outcome.reservation
      await tell(tx, 'stock.reserved', { reservationId, reference, pieces })
      return outcome
    })
  } catch (error) {
    const replay = isUniqueViolation(error) ? await findReplay(dataSource, request) : null
    if (replay !== null) return replay
    throw error
  }
}

async function findReplay(
  dataSource: DataSource,
  request: ReservationRequest,
): Promise<ReservationOutcome | null> {
  const { idempotencyKey } = request
  const reservation = await dataSource.getRepository(ReservationSchema).findOneBy({ idempotencyKey })
  if (reservation === null) return null
  if (reservation.requestHash !== hashRequest(request))
    throw new Problem(
      422,
      'idempotency_key_reused',
      `The idempotency key ${idempotencyKey} was used for another request.`,
    )
  return {
    reservation,
    lines: await findLines(dataSource.manager, reservation.id),
    changes: [],
    replayed: true,
  }
}

export const findLines = (manager: EntityManager, reservationId: string): Promise<ReservationLine[]> =>
  manager.getRepository(ReservationLineSchema).find({ where: { reservationId }, order: { line: 'ASC' } })

export async function findReservation(manager: EntityManager, id: string) {
  const reservation = await manager.getRepository(ReservationSchema).findOneBy({ id })
  if (reservation === null) throw notFound(`Reservation ${id}`)
  return { reservation, lines: await findLines(manager, id) }
}
