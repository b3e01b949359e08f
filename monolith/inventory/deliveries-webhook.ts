import { createHmac, timingSafeEqual } from 'node:crypto'
import { Router, raw } from 'express'
import type { DataSource } from 'typeorm'
import { z } from 'zod'
import { isUniqueViolation } from '../database/unique-violation.ts'
import { Problem } from '../http/problem.ts'
import { stamp } from '../http/request-context.ts'
import { SupplierDeliverySchema } from './inventory-entities.ts'
import type { StockFeed } from './stock-feed.ts'
import { applyDeltas, lockStock, type StockChange } from './stock-ledger.ts'

const MAX_AGE_MS = 5 * 60_000
const delivery = z.object({
  deliveryId: z.string().min(1).max(80),
  supplier: z.string().min(1).max(120),
  items: z
    .array(
      z.object({
        sku: z.string().max(40),
        warehouse: z.string().max(20),
        quantity: z.number().int().min(1).max(100_000),
      }),
    )
    .min(1)
    .max(200),
})
type Delivery = z.infer<typeof delivery>

/** `sha256=` and the hex HMAC of `<timestamp>.<body>`; suppliers compute the same. */
export function signDelivery(secret: string, timestampMs: number, body: string | Buffer): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestampMs}.`).update(body).digest('hex')}`
}

/** Goods that a supplier has delivered: signed, not older than five minutes, and counted once. */
export function deliveriesWebhook(dataSource: DataSource, feed: StockFeed, secret: string): Router {
  const router = Router()
  // The signature is over the bytes as sent, so the body is read raw here, before any JSON parser.
  router.post('/deliveries', raw({ type: 'application/json', limit: '256kb' }), async (request, response) => {
    const body: Buffer = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    requireSignature(secret, body, {
      timestamp: Number(request.get('x-shop-timestamp')),
      signature: request.get('x-shop-signature') ?? '',
    })
    const received = delivery.parse(parseJson(body))
    const changes = await takeIn(dataSource, received)
    feed.publish(changes ?? [])
    response
      .status(changes === null ? 200 : 202)
      .json(stamp(response, { deliveryId: received.deliveryId, accepted: changes !== null }))
  })
  return router
}

function requireSignature(secret: string, body: Buffer, sent: { timestamp: number; signature: string }) {
  const expected = Buffer.from(signDelivery(secret, sent.timestamp, body))
  const signature = Buffer.from(sent.signature)
  const fresh = Math.abs(Date.now() - sent.timestamp) <= MAX_AGE_MS
  if (!fresh || signature.length !== expected.length || !timingSafeEqual(signature, expected))
    throw new Problem(
      401,
      'bad_signature',
      'The signature does not fit the body, or it is more than five minutes old.',
    )
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new Problem(400, 'invalid_request', `The body is not JSON: ${(cause as Error).message}.`)
  }
}

/** `null` when this delivery was taken in before. */
async function takeIn(dataSource: DataSource, received: Delivery): Promise<StockChange[] | null> {
  const { deliveryId, supplier, items } = received
  try {
    return await dataSource.transaction(async (tx) => {
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
  } catch (error) {
    if (isUniqueViolation(error)) return null
    throw error
  }
}
