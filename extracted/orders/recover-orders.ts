import { type DataSource, LessThan } from 'typeorm'
import type { CallContext } from './order-draft.ts'
import { OrderSchema } from './order-entities.ts'
import { advanceOrder } from './order-store.ts'
import type { OrderUndo } from './undo-order.ts'

/** Longer than any request can take, so that nobody is still working on such an order. */
const ABANDONED_AFTER_MS = 2 * 60_000

/**
 * Undoes orders that a crash or an unreachable inventory left half done: their stock is given back and they are
 * forgotten. One that still fails is tried again in the next run. Returns how many were undone; `authorize` is asked
 * only when there are any.
 */
export async function recoverOrders(
  dataSource: DataSource,
  { undo }: Pick<OrderUndo, 'undo'>,
  authorize: () => Promise<CallContext>,
): Promise<number> {
  const before = new Date(Date.now() - ABANDONED_AFTER_MS)
  const orders = await dataSource.getRepository(OrderSchema).find({
    where: [{ status: 'pending', updatedAt: LessThan(before) }, { status: 'failed' }],
    order: { id: 'ASC' },
    take: 100,
  })
  if (orders.length === 0) return 0
  const call = await authorize()
  let undone = 0
  for (const order of orders) {
    const failed =
      order.status === 'failed' ? order : await advanceOrder(dataSource.manager, order, { status: 'failed' })
    if (failed === null) continue
    await undo(failed, call)
    undone += 1
  }
  return undone
}
