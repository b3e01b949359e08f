import { Router } from 'express'
import { type DataSource, type FindOptionsWhere, ILike, In } from 'typeorm'
import { z } from 'zod'
import { pageQuery, setPageLinks } from '../http/pagination.ts'
import { notFound, Problem } from '../http/problem.ts'
import { stamp } from '../http/request-context.ts'
import { availableOf } from '../inventory/stock-queries.ts'
import { requireUser } from '../users/require-user.ts'
import type { Tokens } from '../users/tokens.ts'
import { CategorySchema, type Product, ProductSchema } from './catalogue-entities.ts'

const listQuery = pageQuery.extend({
  category: z.string().max(60).optional(),
  skus: z
    .string()
    .max(4_000)
    .transform((text) => text.split(','))
    .optional(),
})
const searchQuery = pageQuery.extend({ q: z.string().trim().min(2).max(100) })
const changeBody = z
  .object({
    name: z.string().min(1).max(200),
    description: z.string().max(2_000),
    price: z.number().min(0).max(100_000).multipleOf(0.01),
  })
  .partial()

const present = (product: Product) => ({
  sku: product.sku,
  name: product.name,
  description: product.description,
  category: product.categorySlug,
  price: product.priceCents / 100,
  currency: 'EUR',
  weightKg: product.weightGrams / 1000,
  updatedAt: product.updatedAt,
})

const escapeLike = (text: string) => text.replaceAll(/[\\%_]/g, '\\$&')

export function catalogueRouter(dataSource: DataSource, tokens: Tokens): Router {
  const router = Router()
  const products = dataSource.getRepository(ProductSchema)

  async function findProduct(sku: string): Promise<Product> {
    const product = await products.findOneBy({ sku })
    if (product === null) throw notFound(`Product ${sku}`)
    return product
  }

  async function findPage(where: FindOptionsWhere<Product>, { page, pageSize }: z.infer<typeof pageQuery>) {
    const skip = (page - 1) * pageSize
    const [rows, total] = await products.findAndCount({ where, order: { sku: 'ASC' }, skip, take: pageSize })
    return { items: rows.map(present), page, pageSize, total }
  }

  router.get('/categories', async (_request, response) => {
    const categories = await dataSource.getRepository(CategorySchema).find()
    response.set('cache-control', 'public, max-age=60').json(stamp(response, { items: categories }))
  })

  router.get('/products', async (request, response) => {
    const { category, skus, ...paging } = listQuery.parse(request.query)
    const where: FindOptionsWhere<Product> = {}
    if (category !== undefined) where.categorySlug = category
    if (skus !== undefined) where.sku = In(skus)
    const result = await findPage(where, paging)
    setPageLinks(request, response, result)
    response.json(stamp(response, result))
  })

  router.get('/search', async (request, response) => {
    const { q, ...paging } = searchQuery.parse(request.query)
    const result = await findPage({ name: ILike(`%${escapeLike(q)}%`) }, paging)
    setPageLinks(request, response, result)
    response.json(stamp(response, { query: q, ...result }))
  })

  router.get('/products/:sku', async (request, response) => {
    const product = await findProduct(request.params.sku)
    // Express answers 304 by itself when If-None-Match names the tag that stands here.
    response.set({ etag: `"${product.sku}-${product.version}"`, 'cache-control': 'no-cache' })
    response.json(stamp(response, present(product)))
  })

  /** Reads the inventory's table directly: one of the ties that an extraction has to find. */
  router.get('/products/:sku/availability', async (request, response) => {
    const product = await findProduct(request.params.sku)
    const available = await availableOf(dataSource.manager, product.sku)
    response.json(stamp(response, { sku: product.sku, available, inStock: available > 0 }))
  })

  router.patch('/products/:sku', requireUser(tokens, 'staff'), async (request, response) => {
    const { price, ...changes } = changeBody.parse(request.body)
    const product = await findProduct(String(request.params.sku))
    const ifMatch = request.get('if-match')
    if (ifMatch !== undefined && ifMatch !== `"${product.sku}-${product.version}"`)
      throw new Problem(
        412,
        'changed_meanwhile',
        `Product ${product.sku} was changed by someone else; read it again.`,
      )
    const changed = {
      ...product,
      ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
      ...(price === undefined ? {} : { priceCents: Math.round(price * 100) }),
      version: product.version + 1,
      updatedAt: new Date(),
    }
    const { affected } = await products.update({ sku: product.sku, version: product.version }, changed)
    if (affected === 0)
      throw new Problem(
        412,
        'changed_meanwhile',
        `Product ${product.sku} was changed by someone else; read it again.`,
      )
    response.set('etag', `"${changed.sku}-${changed.version}"`).json(stamp(response, present(changed)))
  })

  return router
}
