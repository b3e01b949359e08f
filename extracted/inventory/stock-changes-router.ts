import { type Request, type Response, Router } from 'express'
import type { DataSource } from 'typeorm'
import { z } from 'zod'
import { stamp } from '../platform/request-context.ts'
import { requireUser } from '../platform/require-user.ts'
import type { TokenVerifier } from '../platform/token-verifier.ts'
import { countStock, moveStock } from './change-stock.ts'
import { presentSku } from './present-stock.ts'
import type { StockFeed } from './stock-feed.ts'
import type { StockChange } from './stock-ledger.ts'
import { findStock, stockTag } from './stock-queries.ts'

const sku = z.string().min(1).max(40)
const warehouse = z.string().min(1).max(20)
const amount = z.number().int().max(1_000_000)
const countBody = z.object({ warehouse, onHand: amount.min(0), reorderPoint: amount.min(0).optional() })
const adjustBody = z.object({
  warehouse,
  delta: amount.min(-1_000_000),
  reason: z.string().min(1).max(60).default('adjust'),
})
const transferBody = z.object({ sku, from: warehouse, to: warehouse, quantity: amount.min(1) })
const idempotencyKey = z.string().min(1).max(120).optional()

export interface StockChangesRouterParts {
  readonly dataSource: DataSource
  readonly tokens: TokenVerifier
  readonly feed: StockFeed
}

/** What staff and services may do to the stock; each answers with the sku as it is then. */
export function stockChangesRouter({ dataSource, tokens, feed }: StockChangesRouterParts): Router {
  const router = Router()
  const staff = requireUser(tokens, 'staff', 'service')

  async function answer(request: Request, response: Response, changes: readonly StockChange[]) {
    feed.publish(changes)
    if (changes.length === 0) response.set('idempotency-replayed', 'true')
    const rows = await findStock(dataSource.manager, String(request.params.sku ?? request.body.sku))
    response.set({ etag: stockTag(rows), 'cache-control': 'no-cache' })
    response.json(stamp(response, presentSku(rows)))
  }

  router.post('/transfers', staff, async (request, response) => {
    const { sku, from, to, quantity } = transferBody.parse(request.body)
    const key = idempotencyKey.parse(request.get('idempotency-key'))
    const part = { sku, reserved: 0, reason: 'transfer' }
    const changes = await moveStock(dataSource, [
      { ...part, warehouse: from, onHand: -quantity, idempotencyKey: key && `transfer:${key}` },
      { ...part, warehouse: to, onHand: quantity },
    ])
    await answer(request, response, changes)
  })

  router.put('/:sku', staff, async (request, response) => {
    const body = countBody.parse(request.body)
    const { created, changes } = await countStock(dataSource, { sku: String(request.params.sku), ...body })
    if (created) response.status(201)
    await answer(request, response, changes)
  })

  router.post('/:sku/adjust', staff, async (request, response) => {
    const { delta, ...body } = adjustBody.parse(request.body)
    const key = idempotencyKey.parse(request.get('idempotency-key'))
    const changes = await moveStock(dataSource, [
      {
        sku: String(request.params.sku),
        ...body,
        onHand: delta,
        reserved: 0,
        idempotencyKey: key && `adjust:${key}`,
      },
    ])
    await answer(request, response, changes)
  })

  return router
}
