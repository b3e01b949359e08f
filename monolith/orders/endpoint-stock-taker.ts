import type { DataSource } from 'typeorm'
import { Problem } from '../http/problem.ts'
import { isRefusal } from '../inventory/inventory-http.ts'
import type { InventoryClient, StockRequest } from './inventory-client.ts'
import { type Order, OrderSchema } from './order-entities.ts'
import { advanceOrder, findItems, insertOrder } from './order-store.ts'
import { type CallContext, type StockTaker, stockKey } from './stock-taker.ts'

export interface EndpointStockTaker extends StockTaker {
  /** Gives back the stock of an order that will not be placed, and forgets the order. */
  undo(order: Order, call: CallContext): Promise<void>
}

/**
 * The new form: the order commits as `pending`, its stock is reserved and confirmed through the inventory's endpoints,
 * then it becomes `placed`. The order's row decides: only who moved it from `pending` to `failed` gives the stock back.
 */
export function endpointStockTaker(dataSource: DataSource, inventory: InventoryClient): EndpointStockTaker {
  const { manager } = dataSource

  async function stockRequest(order: Order): Promise<StockRequest> {
    const items = (await findItems(manager, [order.id])).map(({ sku, quantity }) => ({ sku, quantity }))
    return { key: stockKey(order.reference), reference: order.reference, items }
  }

  async function finish(order: Order, call: CallContext): Promise<Order> {
    try {
      const { id } = await inventory.reserve(await stockRequest(order), call)
      await inventory.confirm(id, call)
      const placed = await advanceOrder(manager, order, { status: 'placed', reservationId: id })
      return placed ?? (await decidedElsewhere(order, id, call))
    } catch (error) {
      await giveUp(order, error, call)
      throw error
    }
  }

  /** Two requests with one key ran at once: when the other has placed the order, it is placed for both. */
  async function decidedElsewhere(order: Order, reservationId: string, call: CallContext): Promise<Order> {
    const decided = await manager.getRepository(OrderSchema).findOneBy({ id: order.id })
    if (decided?.status === 'placed' || decided?.status === 'cancelled') return decided
    await inventory.cancel(reservationId, call)
    throw new Problem(409, 'order_failed', 'The order could not be placed; nothing was taken. Try again.')
  }

  async function giveUp(order: Order, error: unknown, call: CallContext) {
    const failed = await advanceOrder(manager, order, { status: 'failed' })
    if (failed === null) return
    const nothingTaken = isRefusal(error) && error.code !== 'reservation_settled'
    if (nothingTaken) await forget(failed)
    // The client gets the first error; what cannot be undone now stays `failed` and is undone by the recovery job.
    else await undo(failed, call).catch(() => undefined)
  }

  async function undo(order: Order, call: CallContext) {
    // Also when we never learnt of a reservation, there may be one: the key finds it, or makes one to cancel.
    const reservation = await inventory.reserve(await stockRequest(order), call).catch((error: unknown) => {
      if (isRefusal(error)) return null
      throw error
    })
    if (reservation !== null) await inventory.cancel(reservation.id, call)
    await forget(order)
  }

  const forget = (order: Order) =>
    manager.getRepository(OrderSchema).delete({ id: order.id, status: 'failed' })

  return {
    undo,

    async place(draft, call) {
      const order = await dataSource.transaction((tx) => insertOrder(tx, draft, 'pending'))
      return finish(order, call)
    },

    async resume(order, call) {
      if (order.status === 'failed')
        throw new Problem(
          409,
          'order_failed',
          'This order failed and is being undone. Try again with a new key.',
        )
      return order.status === 'pending' ? finish(order, call) : order
    },

    async cancel(order, call) {
      if (order.status === 'cancelled') return order
      if (order.reservationId !== null) await inventory.cancel(order.reservationId, call)
      const cancelled = await advanceOrder(manager, order, { status: 'cancelled' })
      return cancelled ?? (await manager.getRepository(OrderSchema).findOneByOrFail({ id: order.id }))
    },
  }
}
