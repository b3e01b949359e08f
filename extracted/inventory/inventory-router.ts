import { type Request, type Response, Router } from 'express'
import type { DataSource } from 'typeorm'
import { z } from 'zod'
import { pageQuery, setPageLinks } from '../platform/pagination.ts'
import { stamp } from '../platform/request-context.ts'
import { requireUser } from '../platform/require-user.ts'
import type { TokenVerifier } from '../platform/token-verifier.ts'
import { countStock, moveStock } from './change-stock.ts'
import type { Stock } from './inventory-entities.ts'
import { presentMovement, presentRow, presentSku } from './present-stock.ts'
import type { StockFeed } from './stock-feed.ts'
import type { StockChange } from './stock-ledger.ts'
import {
  findStock,
  listLowStock,
  listMovements,
  listStock,
  listWarehouses,
  stockTag,
} from './stock-queries.ts'

const sku = z.string().min(1).max(40)
const warehouse = z.string().min(1).max(20)
const quantity = z.number().int().min(1).max(1_000_000)
const listQuery = pageQuery.extend({ warehouse: warehouse.optional(), sku: sku.optional() })
const limitQuery = z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) })
const countBody = z.object({
  warehouse,
  onHand: z.number().int().min(0).max(1_000_000),
  reorderPoint: z.number().int().min(0).max(1_000_000).optional(),
})
const adjustBody = z.object({
  warehouse,
  delta: z.number().int().min(-1_000_000).max(1_000_000),
  reason: z.string().min(1).max(60).default('adjust'),
})
const transferBody = z.object({ sku, from: warehouse, to: warehouse, quantity })
const idempotencyKey = z.string().min(1).max(120).optional()

export interface InventoryRouterParts {
  readonly dataSource: DataSource
  readonly tokens: TokenVerifier
  readonly feed: StockFeed
}

export function inventoryRouter({ dataSource, tokens, feed }: InventoryRouterParts): Router {
  const router = Router()
  const staff = requireUser(tokens, 'staff', 'service')

  async function answerSku(response: Response, sku: string) {
    const rows: Stock[] = await findStock(dataSource.manager, sku)
    response.set({ etag: stockTag(rows), 'cache-control': 'no-cache' })
    response.json(stamp(response, presentSku(rows)))
  }

  async function answerChanged(request: Request, response: Response, changes: readonly StockChange[]) {
    feed.publish(changes)
    if (changes.length === 0) response.set('idempotency-replayed', 'true')
    await answerSku(response, String(request.params.sku ?? request.body.sku))
  }

  router.get('/', async (request, response) => {
    const query = listQuery.parse(request.query)
    const { rows, total } = await listStock(dataSource.manager, query)
    const { page, pageSize } = query
    setPageLinks(request, response, { page, pageSize, total })
    response.json(stamp(response, { items: rows.map(presentRow), page, pageSize, total }))
  })

  router.get('/warehouses', async (_request, response) => {
    response.json(stamp(response, { items: await listWarehouses(dataSource.manager) }))
  })

  router.get('/low-stock', async (request, response) => {
    const { limit } = limitQuery.parse(request.query)
    const rows = await listLowStock(dataSource.manager, limit)
    response.json(stamp(response, { items: rows.map(presentRow), count: rows.length }))
  })

  router.post('/transfers', staff, async (request, response) => {
    const { sku, from, to, quantity } = transferBody.parse(request.body)
    const key = idempotencyKey.parse(request.get('idempotency-key'))
    const part = { sku, reserved: 0, reason: 'transfer' }
    const changes = await moveStock(dataSource, [
      { ...part, warehouse: from, onHand: -quantity, idempotencyKey: key && `transfer:${key}` },
      { ...part, warehouse: to, onHand: quantity },
    ])
    await answerChanged(request, response, changes)
  })

  router.get('/:sku', async (request, response) => {
    await answerSku(response, request.params.sku)
  })

  router.put('/:sku', staff, async (request, response) => {
    const body = countBody.parse(request.body)
    const { created, changes } = await countStock(dataSource, { sku: String(request.params.sku), ...body })
    if (created) response.status(201)
    await answerChanged(request, response, changes)
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
    await answerChanged(request, response, changes)
  })

  router.get('/:sku/movements', async (request, response) => {
    const { limit } = limitQuery.parse(request.query)
    const { sku } = request.params
    await findStock(dataSource.manager, sku)
    const movements = await listMovements(dataSource.manager, sku, limit)
    response.json(stamp(response, { sku, items: movements.map(presentMovement) }))
  })

  return router
}
