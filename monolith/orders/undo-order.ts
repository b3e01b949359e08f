import type { DataSource } from 'typeorm'
import { isRefusal } from '../inventory/inventory-http.ts'
import type { InventoryClient, StockRequest } from './inventory-client.ts'
import { type Order, OrderSchema } from './order-entities.ts'
import { advanceOrder, findItems } from './order-store.ts'
import { type CallContext, stockKey } from './stock-taker.ts'

/** The same for one order every time, so that its key always stands for the same request. */
export async function stockRequestOf(dataSource: DataSource, order: Order): Promise<StockRequest> {
  const items = await findItems(dataSource.manager, [order.id])
  return {
    key: stockKey(order.reference),
    reference: order.reference,
    items: items.map(({ sku, quantity }) => ({ sku, quantity })),
  }
}

export interface OrderUndo {
  /** Marks a pending order failed and undoes it, as far as that goes now. Never throws for the inventory's sake. */
  giveUp(order: Order, reason: unknown, call: CallContext): Promise<void>
  /** Gives back the stock of an order that has failed, and forgets the order. Throws when the inventory cannot be reached. */
  undo(order: Order, call: CallContext): Promise<void>
}

export function createOrderUndo(dataSource: DataSource, inventory: InventoryClient): OrderUndo {
  const forget = (order: Order) =>
    dataSource.getRepository(OrderSchema).delete({ id: order.id, status: 'failed' })

  async function undo(order: Order, call: CallContext) {
    // Also when we never learnt of a reservation, there may be one: the key finds it, or makes one to cancel.
    const request = await stockRequestOf(dataSource, order)
    const reservation = await inventory.reserve(request, call).catch((error: unknown) => {
      if (isRefusal(error)) return null
      throw error
    })
    if (reservation !== null) await inventory.cancel(reservation.id, call)
    await forget(order)
  }

  return {
    undo,

    async giveUp(order, reason, call) {
      const failed = await advanceOrder(dataSource.manager, order, { status: 'failed' })
      if (failed === null) return
      const nothingTaken = isRefusal(reason) && reason.code !== 'reservation_settled'
      if (nothingTaken) await forget(failed)
      // The client gets the first error; what cannot be undone now stays `failed`, and the recovery job undoes it.
      else await undo(failed, call).catch(() => undefined)
    },
  }
}
