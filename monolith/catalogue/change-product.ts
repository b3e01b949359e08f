import type { DataSource } from 'typeorm'
import { z } from 'zod'
import { Problem } from '../http/problem.ts'
import { type Product, ProductSchema } from './catalogue-entities.ts'
import { findProduct, productTag } from './find-products.ts'

export const productChanges = z
  .object({
    name: z.string().min(1).max(200),
    description: z.string().max(2_000),
    price: z.number().min(0).max(100_000).multipleOf(0.01),
  })
  .partial()

const changedMeanwhile = (sku: string) =>
  new Problem(412, 'changed_meanwhile', `Product ${sku} was changed by someone else; read it again.`)

export interface ProductChange {
  readonly sku: string
  readonly changes: z.infer<typeof productChanges>
  /** The tag that the caller believes the product to have; without it, the last writer wins. */
  readonly ifMatch: string | undefined
}

/** Throws 412 when the product is no longer what the caller has seen. */
export async function changeProduct(
  dataSource: DataSource,
  { sku, changes, ifMatch }: ProductChange,
): Promise<Product> {
  const product = await findProduct(dataSource, sku)
  if (ifMatch !== undefined && ifMatch !== productTag(product)) throw changedMeanwhile(sku)
  const { name = product.name, description = product.description, price = product.priceCents / 100 } = changes
  const changed = {
    ...product,
    ...{ name, description, priceCents: Math.round(price * 100) },
    version: product.version + 1,
    updatedAt: new Date(),
  }
  const { affected } = await dataSource
    .getRepository(ProductSchema)
    .update({ sku, version: product.version }, changed)
  if (affected === 0) throw changedMeanwhile(sku)
  return changed
}
