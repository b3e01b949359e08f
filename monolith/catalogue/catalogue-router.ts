import { Router } from 'express'
import { type DataSource, type FindOptionsWhere, ILike, In } from 'typeorm'
import { z } from 'zod'
import { pageQuery, setPageLinks } from '../http/pagination.ts'
import { stamp } from '../http/request-context.ts'
import { availableOf } from '../inventory/stock-queries.ts'
import { requireUser } from '../users/require-user.ts'
import type { Tokens } from '../users/tokens.ts'
import { CategorySchema, type Product } from './catalogue-entities.ts'
import { changeProduct, productChanges } from './change-product.ts'
import { findProduct, findProductPage, presentProduct, productTag } from './find-products.ts'

const skuList = z
  .string()
  .max(4_000)
  .transform((text) => text.split(','))
const listQuery = pageQuery.extend({ category: z.string().max(60).optional(), skus: skuList.optional() })
const searchQuery = pageQuery.extend({ q: z.string().trim().min(2).max(100) })

const escapeLike = (text: string) => text.replaceAll(/[\\%_]/g, '\\$&')

export function catalogueRouter(dataSource: DataSource, tokens: Pick<Tokens, 'verify'>): Router {
  const router = Router()

  router.get('/categories', async (_request, response) => {
    const categories = await dataSource.getRepository(CategorySchema).find()
    response.set('cache-control', 'public, max-age=60').json(stamp(response, { items: categories }))
  })

  router.get('/products', async (request, response) => {
    const { category, skus, ...paging } = listQuery.parse(request.query)
    const where: FindOptionsWhere<Product> = {}
    if (category !== undefined) where.categorySlug = category
    if (skus !== undefined) where.sku = In(skus)
    const result = await findProductPage(dataSource, where, paging)
    setPageLinks(request, response, result)
    response.json(stamp(response, result))
  })

  router.get('/search', async (request, response) => {
    const { q, ...paging } = searchQuery.parse(request.query)
    const result = await findProductPage(dataSource, { name: ILike(`%${escapeLike(q)}%`) }, paging)
    setPageLinks(request, response, result)
    response.json(stamp(response, { query: q, ...result }))
  })

  router.get('/products/:sku', async (request, response) => {
    const product = await findProduct(dataSource, request.params.sku)
    // Express answers 304 by itself when If-None-Match names the tag that stands here.
    response.set({ etag: productTag(product), 'cache-control': 'no-cache' })
    response.json(stamp(response, presentProduct(product)))
  })

  /** Reads the inventory's table directly: one of the ties that an extraction has to find. */
  router.get('/products/:sku/availability', async (request, response) => {
    const { sku } = await findProduct(dataSource, request.params.sku)
    const available = await availableOf(dataSource.manager, sku)
    response.json(stamp(response, { sku, available, inStock: available > 0 }))
  })

  router.patch('/products/:sku', requireUser(tokens, 'staff'), async (request, response) => {
    const changes = productChanges.parse(request.body)
    const change = { sku: String(request.params.sku), changes, ifMatch: request.get('if-match') }
    const product = await changeProduct(dataSource, change)
    response.set('etag', productTag(product)).json(stamp(response, presentProduct(product)))
  })

  return router
}
