import { type DataSource, In } from 'typeorm'
import { ProductSchema } from '../catalogue/catalogue-entities.ts'
import { Problem } from '../http/problem.ts'
import type { WantedItem } from './place-order.ts'
import type { DraftItem } from './stock-taker.ts'

export async function priceItems(dataSource: DataSource, items: readonly WantedItem[]): Promise<DraftItem[]> {
  const products = await dataSource
    .getRepository(ProductSchema)
    .findBy({ sku: In(items.map((item) => item.sku)) })
  return items.map(({ sku, quantity }) => {
    const product = products.find((candidate) => candidate.sku === sku)
    if (product === undefined) throw new Problem(404, 'unknown_sku', `Product ${sku} does not exist.`)
    return { sku, name: product.name, quantity, unitPriceCents: product.priceCents }
  })
}
