import { createHmac, timingSafeEqual } from 'node:crypto'
import { Router, raw } from 'express'
import { Problem } from '../http/problem.ts'
import { stamp } from '../http/request-context.ts'
import { type DeliveryTaker, deliveryBody } from './delivery-taker.ts'

const MAX_AGE_MS = 5 * 60_000
/** `sha256=` and the hex HMAC of `<timestamp>.<body>`; suppliers compute the same. */
export function signDelivery(secret: string, timestampMs: number, body: string | Buffer): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestampMs}.`).update(body).digest('hex')}`
}

/** Goods that a supplier has delivered: signed, not older than five minutes, and counted once. */
export function deliveriesWebhook(taker: DeliveryTaker, secret: string): Router {
  const router = Router()
  // The signature is over the bytes as sent, so the body is read raw here, before any JSON parser.
  router.post('/deliveries', raw({ type: 'application/json', limit: '256kb' }), async (request, response) => {
    const body: Buffer = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    requireSignature(secret, body, {
      timestamp: Number(request.get('x-shop-timestamp')),
      signature: request.get('x-shop-signature') ?? '',
    })
    const delivery = deliveryBody.parse(parseJson(body))
    const accepted = await taker.takeIn(delivery)
    response.status(accepted ? 202 : 200).json(stamp(response, { deliveryId: delivery.deliveryId, accepted }))
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
