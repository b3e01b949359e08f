import { DataSource, type DataSourceOptions, type EntitySchema } from 'typeorm'
import { catalogueEntities } from '../catalogue/catalogue-entities.ts'
import { inventoryEntities } from '../inventory/inventory-entities.ts'
import { orderEntities } from '../orders/order-entities.ts'
import { userEntities } from '../users/user-entities.ts'
import { connectionOptions, useDialectTypes } from './dialect.ts'

const entities = [
  ...userEntities,
  ...catalogueEntities,
  ...inventoryEntities,
  ...orderEntities,
] as unknown as EntitySchema<never>[]

/** Connects, and creates the tables in a database that has none; an existing schema is left as it is. */
export async function openDatabase(databaseUrl: string, applicationName = 'shop'): Promise<DataSource> {
  const connection = connectionOptions(databaseUrl, applicationName)
  const dataSource = new DataSource({
    ...connection,
    entities: useDialectTypes(entities, connection.type),
    poolSize: 20,
  } as DataSourceOptions)
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
