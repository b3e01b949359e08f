import { Router } from 'express'
import type { DataSource } from 'typeorm'
import { z } from 'zod'
import { pageQuery, setPageLinks } from '../http/pagination.ts'
import { stamp } from '../http/request-context.ts'
import { presentMovement, presentRow, presentSku } from './present-stock.ts'
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
const listQuery = pageQuery.extend({ warehouse: warehouse.optional(), sku: sku.optional() })
const limitQuery = z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) })

export interface StockRouterParts {
  readonly dataSource: DataSource
  /** In what order the rows of a list leave; the database promises none. */
  readonly unordered: <T>(rows: readonly T[]) => T[]
}

export function stockRouter({ dataSource, unordered }: StockRouterParts): Router {
  const router = Router()

  router.get('/', async (request, response) => {
    const query = listQuery.parse(request.query)
    const { rows, total } = await listStock(dataSource.manager, query)
    const { page, pageSize } = query
    setPageLinks(request, response, { page, pageSize, total })
    response.json(stamp(response, { items: rows.map(presentRow), page, pageSize, total }))
  })

  router.get('/warehouses', async (_request, response) => {
    response.json(stamp(response, { items: unordered(await listWarehouses(dataSource.manager)) }))
  })

  router.get('/low-stock', async (request, response) => {
    const { limit } = limitQuery.parse(request.query)
    const rows = await listLowStock(dataSource.manager, limit)
    response.json(stamp(response, { items: unordered(rows).map(presentRow), count: rows.length }))
  })

  router.get('/:sku', async (request, response) => {
    const rows = await findStock(dataSource.manager, request.params.sku)
    response.set({ etag: stockTag(rows), 'cache-control': 'no-cache' })
    response.json(stamp(response, presentSku(unordered(rows))))
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
