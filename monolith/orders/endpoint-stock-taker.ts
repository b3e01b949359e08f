import type { DataSource } from 'typeorm'
import { Problem } from '../http/problem.ts'
import type { InventoryClient } from './inventory-client.ts'
import { type Order, OrderSchema } from './order-entities.ts'
import { advanceOrder, insertOrder } from './order-store.ts'
import type { CallContext, StockTaker } from './stock-taker.ts'
import { type OrderUndo, stockRequestOf } from './undo-order.ts'

/**
 * The new form: the order commits as `pending`, its stock is reserved and confirmed through the inventory's endpoints,
 * then it becomes `placed`. The order's row decides: only who moved it from `pending` to `failed` gives the stock back.
 */
export function endpointStockTaker(
  dataSource: DataSource,
  inventory: InventoryClient,
  { giveUp }: OrderUndo,
): StockTaker {
  const { manager } = dataSource

  async function finish(order: Order, call: CallContext): Promise<Order> {
    try {
      const { id } = await inventory.reserve(await stockRequestOf(dataSource, order), call)
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

  return {
    async place(draft, call) {
      const order = await dataSource.transaction((tx) => insertOrder(tx, draft, 'pending'))
      return finish(order, call)
    },

    async resume(order, call) {
      if (order.status === 'failed')
        throw new Problem(409, 'order_failed', 'This order failed and is being undone. Try again later.')
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
