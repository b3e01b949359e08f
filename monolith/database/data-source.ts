import { DataSource, type EntitySchema } from 'typeorm'
import { catalogueEntities } from '../catalogue/catalogue-entities.ts'
import { inventoryEntities } from '../inventory/inventory-entities.ts'
import { orderEntities } from '../orders/order-entities.ts'
import { userEntities } from '../users/user-entities.ts'

const entities: EntitySchema<never>[] = [
  ...userEntities,
  ...catalogueEntities,
  ...inventoryEntities,
  ...orderEntities,
] as EntitySchema<never>[]

/** Connects, and creates the tables in a database that has none; an existing schema is left as it is. */
export async function openDatabase(databaseUrl: string, applicationName = 'shop'): Promise<DataSource> {
  const dataSource = new DataSource({
    type: 'postgres',
    url: databaseUrl,
    entities,
    applicationName,
    poolSize: 20,
    connectTimeoutMS: 5_000,
  })
  await dataSource.initialize()
  try {
    await createTables(dataSource)
  } catch (error) {
    await dataSource.destroy()
    throw error
  }
  return dataSource
}

async function createTables(dataSource: DataSource) {
  const runner = dataSource.createQueryRunner()
  try {
    if (await runner.hasTable('products')) return
  } finally {
    await runner.release()
  }
  await dataSource.synchronize()
}
