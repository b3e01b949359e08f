import { type RequestHandler, type Response, Router } from 'express'
import type { DataSource } from 'typeorm'
import { z } from 'zod'
import type { Tell } from '../platform/background-work.ts'
import { Problem } from '../platform/problem.ts'
import { stamp } from '../platform/request-context.ts'
import { currentUser, requireUser } from '../platform/require-user.ts'
import type { TokenVerifier } from '../platform/token-verifier.ts'
import type { Reservation } from './inventory-entities.ts'
import { presentReservation } from './present-stock.ts'
import { findReservation, type ReservationOutcome, type ReservationRequest, reserve } from './reservations.ts'
import { expireReservations, settleReservation } from './settle-reservation.ts'
import type { StockFeed } from './stock-feed.ts'

const reservationBody = z.object({
  reference: z.string().max(120).nullable().default(null),
  items: z
    .array(
      z.object({
        sku: z.string().min(1).max(40),
        quantity: z.number().int().min(1).max(100_000),
        warehouse: z.string().max(20).optional(),
      }),
    )
    .min(1)
    .max(100),
  ttlSeconds: z.number().int().min(1).max(86_400).optional(),
})

export interface ReservationsRouterParts {
  readonly dataSource: DataSource
  readonly tokens: TokenVerifier
  readonly feed: StockFeed
  readonly ttlSeconds: number
  readonly tell: Tell
}

export function reservationsRouter({
  dataSource,
  tokens,
  feed,
  ttlSeconds,
  tell,
}: ReservationsRouterParts): Router {
  const router = Router()
  router.use(requireUser(tokens))

  function answer(response: Response, { reservation, lines, changes, replayed }: ReservationOutcome) {
    feed.publish(changes)
    if (replayed) response.set('idempotency-replayed', 'true')
    response.json(stamp(response, presentReservation(reservation, lines, new Date())))
  }

  const settle =
    (to: 'confirmed' | 'cancelled'): RequestHandler<{ id: string }> =>
    async (request, response) => {
      const { reservation } = await findReservation(dataSource.manager, request.params.id)
      requireOwn(response, reservation)
      answer(response, await settleReservation(dataSource, reservation.id, to))
    }

  router.post('/', async (request, response) => {
    const body = reservationBody.parse(request.body)
    const idempotencyKey = requireKey(request.get('idempotency-key'))
    const outcome = await reserveOrExpire({
      ttlSeconds,
      ...body,
      idempotencyKey,
      createdBy: currentUser(response).id,
    } as ReservationRequest)
    requireOwn(response, outcome.reservation)
    response
      .status(outcome.replayed ? 200 : 201)
      .location(`/api/inventory/reservations/${outcome.reservation.id}`)
    answer(response, outcome)
  })

  /** Stock held by reservations that are overdue counts as free: release it, then try once more. */
  async function reserveOrExpire(request: ReservationRequest): Promise<ReservationOutcome> {
    try {
      return await reserve(dataSource, request, tell)
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'insufficient_stock') throw error
      const released = await expireReservations(dataSource)
      if (released.length === 0) throw error
      feed.publish(released)
      return reserve(dataSource, request, tell)
    }
  }

  router.get('/:id', async (request, response) => {
    const { reservation, lines } = await findReservation(dataSource.manager, request.params.id)
    requireOwn(response, reservation)
    response.json(stamp(response, presentReservation(reservation, lines, new Date())))
  })

  router.post('/:id/confirm', settle('confirmed'))
  router.post('/:id/cancel', settle('cancelled'))

  return router
}

function requireKey(key: string | undefined): string {
  if (key === undefined || key.length === 0 || key.length > 120)
    throw new Problem(
      400,
      'idempotency_key_missing',
      'Send an Idempotency-Key header of 1 to 120 characters.',
    )
  return key
}

function requireOwn(response: Response, reservation: Reservation) {
  const user = currentUser(response)
  if (user.role === 'customer' && reservation.createdBy !== user.id)
    throw new Problem(404, 'not_found', `Reservation ${reservation.id} does not exist.`)
}
