import type { DataSource } from 'typeorm'
import type { Tell } from '../platform/background-work.ts'
import { Problem } from '../platform/problem.ts'
import type { InventoryClient } from './inventory-client.ts'
import type { CallContext, OrderDraft } from './order-draft.ts'
import { type Order, OrderSchema } from './order-entities.ts'
import { advanceOrder, findItems, insertOrder } from './order-store.ts'
import { type OrderUndo, stockRequestOf } from './undo-order.ts'

/** How an order and its stock, which live in two services, become one. */
export interface OrderPlacing {
  /** Saves the order and takes its stock; when either fails, neither has happened and the reason is thrown. */
  place(draft: OrderDraft, call: CallContext): Promise<Order>
  /** Brings an order that was found again by its idempotency key to its end. */
  resume(order: Order, call: CallContext): Promise<Order>
  /** Gives the stock back and marks the order cancelled. Doing it twice is the same as once. */
  cancel(order: Order, call: CallContext): Promise<Order>
}

export interface OrderPlacingParts {
  readonly dataSource: DataSource
  readonly inventory: InventoryClient
  readonly undo: OrderUndo
  readonly tell: Tell
}

/**
 * The order commits as `pending`, its stock is reserved and confirmed through the inventory's endpoints,
 * then it becomes `placed`. The order's row decides: only who moved it from `pending` to `failed` gives the stock back.
 */
export function createOrderPlacing({
  dataSource,
  inventory,
  undo: { giveUp },
  tell,
}: OrderPlacingParts): OrderPlacing {
  const { manager } = dataSource

  /** The event is told exactly when the order has become `placed`, by whoever has made it so. */
  function markPlaced(order: Order, reservationId: string): Promise<Order | null> {
    return dataSource.transaction(async (tx) => {
      const placed = await advanceOrder(tx, order, { status: 'placed', reservationId })
      if (placed === null) return null
      const items = (await findItems(tx, [order.id])).map(({ sku, quantity }) => ({ sku, quantity }))
      await tell(tx, 'order.placed', { reference: order.reference, items })
      return placed
    })
  }

  async function finish(order: Order, call: CallContext): Promise<Order> {
    try {
      const { id } = await inventory.reserve(await stockRequestOf(dataSource, order), call)
      await inventory.confirm(id, call)
      const placed = await markPlaced(order, id)
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
