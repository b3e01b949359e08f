import type { Monolith } from '../../monolith/create-monolith.ts'
import { signDelivery } from '../../monolith/inventory/deliveries-webhook.ts'
import type { Running } from './sample-shop.ts'

/** What a shop must be started with, to take them. */
export const DELIVERY_SECRET = 'a secret between two'

export interface Delivery {
  readonly deliveryId: string
  /** Default: now. */
  readonly at?: number
  readonly secret?: string
  /** The body that the signature is for; default: that which is sent. */
  readonly signedBody?: string
  readonly sku?: string
}

/** Five pieces for Berlin, through the suppliers' webhook. */
export function deliverTo(shop: Running<Monolith>, delivery: Delivery) {
  const { deliveryId, at = Date.now(), secret = DELIVERY_SECRET, sku = 'SKU-00001' } = delivery
  const items = [{ sku, warehouse: 'BER', quantity: 5 }]
  const body = JSON.stringify({ deliveryId, supplier: 'Acme', items })
  const headers = {
    'x-shop-timestamp': String(at),
    'x-shop-signature': signDelivery(secret, at, delivery.signedBody ?? body),
  }
  return shop.client.post('/api/webhooks/deliveries', body, headers)
}
