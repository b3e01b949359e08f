import type { DataSource, FindOptionsWhere } from 'typeorm'
import type { PageQuery } from '../http/pagination.ts'
import { notFound } from '../http/problem.ts'
import { type Product, ProductSchema } from './catalogue-entities.ts'

export const presentProduct = (product: Product) => ({
  sku: product.sku,
  name: product.name,
  description: product.description,
  category: product.categorySlug,
  price: product.priceCents / 100,
  currency: 'EUR',
  weightKg: product.weightGrams / 1000,
  updatedAt: product.updatedAt,
})

export const productTag = (product: Product) => `"${product.sku}-${product.version}"`

export async function findProduct(dataSource: DataSource, sku: string): Promise<Product> {
  const product = await dataSource.getRepository(ProductSchema).findOneBy({ sku })
  if (product === null) throw notFound(`Product ${sku}`)
  return product
}

export async function findProductPage(
  dataSource: DataSource,
  where: FindOptionsWhere<Product>,
  { page, pageSize }: PageQuery,
) {
  const [rows, total] = await dataSource.getRepository(ProductSchema).findAndCount({
    where,
    order: { sku: 'ASC' },
    skip: (page - 1) * pageSize,
    take: pageSize,
  })
  return { items: rows.map(presentProduct), page, pageSize, total }
}
