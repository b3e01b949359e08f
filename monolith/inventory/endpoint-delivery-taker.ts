import type { DataSource } from 'typeorm'
import type { DeliveryTaker } from './delivery-taker.ts'
import { SupplierDeliverySchema } from './inventory-entities.ts'
import type { InventoryCall, InventoryHttp } from './inventory-http.ts'

/**
 * The new form: every line is an adjustment through the inventory's endpoints, then the delivery is noted. A crash in
 * between is mended when the supplier sends it again: each line has a key and counts once.
 */
export function endpointDeliveryTaker(
  dataSource: DataSource,
  http: InventoryHttp,
  authorize: () => Promise<InventoryCall>,
): DeliveryTaker {
  const deliveries = dataSource.getRepository(SupplierDeliverySchema)
  return {
    async takeIn({ deliveryId, supplier, items }) {
      if (await deliveries.existsBy({ deliveryId })) return false
      const call = await authorize()
      for (const [line, { sku, warehouse, quantity }] of items.entries())
        await http.post(
          `/${encodeURIComponent(sku)}/adjust`,
          { warehouse, delta: quantity, reason: 'delivery' },
          { ...call, idempotencyKey: `delivery:${deliveryId}:${line}` },
        )
      const noted = { deliveryId, supplier, lines: items.length, receivedAt: new Date() }
      await deliveries.createQueryBuilder().insert().values(noted).orIgnore().execute()
      return true
    },
  }
}
