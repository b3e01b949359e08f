import type { DataSource } from 'typeorm'
import { isUniqueViolation } from '../database/unique-violation.ts'
import type { DeliveryTaker } from './delivery-taker.ts'
import { SupplierDeliverySchema } from './inventory-entities.ts'
import type { StockFeed } from './stock-feed.ts'
import { applyDeltas, lockStock } from './stock-ledger.ts'

/** The old form: the delivery and its stock in one transaction. */
export function transactionDeliveryTaker(dataSource: DataSource, feed: StockFeed): DeliveryTaker {
  return {
    async takeIn({ deliveryId, supplier, items }) {
      try {
        const changes = await dataSource.transaction(async (tx) => {
          const deliveries = tx.getRepository(SupplierDeliverySchema)
          await deliveries.insert({ deliveryId, supplier, lines: items.length, receivedAt: new Date() })
          const locked = await lockStock(
            tx,
            items.map((item) => item.sku),
          )
          const deltas = items.map(({ sku, warehouse, quantity }) => ({
            ...{ sku, warehouse, onHand: quantity, reserved: 0 },
            reason: 'delivery',
            reference: deliveryId,
          }))
          return applyDeltas(tx, locked, deltas)
        })
        feed.publish(changes)
        return true
      } catch (error) {
        if (isUniqueViolation(error)) return false
        throw error
      }
    },
  }
}
