import type { DataSource } from 'typeorm'
import { Problem } from '../http/problem.ts'
import { openReservation } from '../inventory/reservations.ts'
import { expireReservations, settleInside } from '../inventory/settle-reservation.ts'
import type { StockFeed } from '../inventory/stock-feed.ts'
import { type Order, OrderSchema } from './order-entities.ts'
import { advanceOrder, insertOrder } from './order-store.ts'
import { type OrderDraft, type StockTaker, stockKey } from './stock-taker.ts'

const MAX_TTL_SECONDS = 86_400

/** The old form: order and stock in one transaction. Simple and safe, and the reason why inventory cannot just move out. */
export function transactionStockTaker(dataSource: DataSource, feed: StockFeed): StockTaker {
  async function place(draft: OrderDraft): Promise<Order> {
    const { order, changes } = await dataSource.transaction(async (tx) => {
      const order = await insertOrder(tx, draft, 'placed')
      const request = {
        idempotencyKey: stockKey(draft.reference),
        createdBy: String(draft.userId),
        reference: draft.reference,
        items: draft.items,
        ttlSeconds: MAX_TTL_SECONDS,
      }
      const { reservation, changes } = await openReservation(tx, request, 'confirmed')
      const placed = await advanceOrder(tx, order, { status: 'placed', reservationId: reservation.id })
      return { order: placed ?? order, changes }
    })
    feed.publish(changes)
    return order
  }

  return {
    async place(draft) {
      try {
        return await place(draft)
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== 'insufficient_stock') throw error
        const released = await expireReservations(dataSource)
        if (released.length === 0) throw error
        feed.publish(released)
        return place(draft)
      }
    },

    // One transaction: an order that can be found is complete.
    resume: async (order) => order,

    async cancel(order) {
      const { cancelled, changes } = await dataSource.transaction(async (tx) => {
        const orders = tx.getRepository(OrderSchema)
        const locked = await orders.findOneOrFail({
          where: { id: order.id },
          lock: { mode: 'pessimistic_write' },
        })
        if (locked.status === 'cancelled') return { cancelled: locked, changes: [] }
        const outcome = locked.reservationId
          ? await settleInside(tx, locked.reservationId, 'cancelled')
          : null
        const cancelled = await advanceOrder(tx, locked, { status: 'cancelled' })
        return { cancelled: cancelled ?? locked, changes: outcome?.changes ?? [] }
      })
      feed.publish(changes)
      return cancelled
    },
  }
}
