import type { DataSource, EntityManager, EntitySchema, ObjectLiteral } from 'typeorm'
import { CategorySchema, ProductSchema } from '../catalogue/catalogue-entities.ts'
import { StockSchema, WarehouseSchema } from '../inventory/inventory-entities.ts'
import { OrderItemSchema, OrderSchema } from '../orders/order-entities.ts'
import { UserSchema } from '../users/user-entities.ts'
import { CATEGORIES, seedOrder, seedProduct, seedStock, seedUsers, WAREHOUSES } from './seed-rows.ts'
import { seededRandom } from './seeded-random.ts'

const CHUNK = 1_000
const SEED = 20_240_229

export interface SeedOptions {
  /** Rows of stock; products, users and orders follow from it. */
  readonly rows: number
}

/** Fills an empty shop with rows that are the same every time; a shop that has products is left alone. */
export async function seedShop(dataSource: DataSource, { rows }: SeedOptions): Promise<boolean> {
  if ((await dataSource.getRepository(ProductSchema).count({ take: 1 })) > 0) return false
  const users = await seedUsers(Math.min(200, Math.max(10, Math.ceil(rows / 30))))
  await dataSource.transaction(async (tx) => {
    const random = seededRandom(SEED)
    const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
    await insertAll(tx, UserSchema, users)
    await insertAll(tx, CategorySchema, CATEGORIES)
    await insertAll(tx, WarehouseSchema, WAREHOUSES)
    const products = numbers(Math.ceil(rows / WAREHOUSES.length)).map((number) => seedProduct(number, random))
    await insertAll(tx, ProductSchema, products)
    const stock = products.flatMap((product) => seedStock(product, random)).slice(0, rows)
    await insertAll(tx, StockSchema, stock)
    const orders = numbers(Math.ceil(rows / 10)).map((number) =>
      seedOrder(number, { products, users, random }),
    )
    await insertAll(
      tx,
      OrderSchema,
      orders.map(({ order }) => order),
    )
    // The table was empty and the orders went in one after the other, so the nth order has the id n in a fresh database.
    await insertAll(
      tx,
      OrderItemSchema,
      orders.flatMap(({ items }) => items),
    )
  })
  return true
}

async function insertAll<T extends ObjectLiteral>(
  tx: EntityManager,
  schema: EntitySchema<T>,
  rows: readonly object[],
) {
  for (let start = 0; start < rows.length; start += CHUNK)
    await tx
      .createQueryBuilder()
      .insert()
      .into(schema)
      .values(rows.slice(start, start + CHUNK) as T[])
      .updateEntity(false)
      .execute()
}
