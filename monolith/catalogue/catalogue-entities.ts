import { EntitySchema } from 'typeorm'

export interface Category {
  slug: string
  name: string
}

export interface Product {
  sku: string
  name: string
  description: string
  categorySlug: string
  priceCents: number
  weightGrams: number
  version: number
  updatedAt: Date
}

export const CategorySchema = new EntitySchema<Category>({
  name: 'Category',
  tableName: 'categories',
  columns: {
    slug: { type: 'varchar', length: 60, primary: true },
    name: { type: 'varchar', length: 120 },
  },
})

export const ProductSchema = new EntitySchema<Product>({
  name: 'Product',
  tableName: 'products',
  columns: {
    sku: { type: 'varchar', length: 40, primary: true },
    name: { type: 'varchar', length: 200 },
    description: { type: 'text' },
    categorySlug: { name: 'category_slug', type: 'varchar', length: 60 },
    priceCents: { name: 'price_cents', type: 'int' },
    weightGrams: { name: 'weight_grams', type: 'int' },
    version: { type: 'int' },
    updatedAt: { name: 'updated_at', type: 'timestamptz', precision: 3 },
  },
  indices: [{ name: 'products_category', columns: ['categorySlug'] }],
  foreignKeys: [{ target: 'Category', columnNames: ['categorySlug'], referencedColumnNames: ['slug'] }],
})

export const catalogueEntities = [CategorySchema, ProductSchema]
