import { DataSource, type EntitySchema } from 'typeorm'

export interface DatabaseOptions {
  readonly databaseUrl: string
  readonly entities: readonly EntitySchema<never>[]
  /** How the service's connections are told from others by the database. */
  readonly applicationName: string
  /** A table of the service's own; when it is there, the schema is left as it is. */
  readonly markerTable: string
}

/** Connects, and creates the tables in a database that has none. */
export async function openDatabase(options: DatabaseOptions): Promise<DataSource> {
  const dataSource = new DataSource({
    type: 'postgres',
    url: options.databaseUrl,
    entities: [...options.entities],
    applicationName: options.applicationName,
    poolSize: 20,
    connectTimeoutMS: 5_000,
  })
  await dataSource.initialize()
  try {
    await createTables(dataSource, options.markerTable)
  } catch (error) {
    await dataSource.destroy()
    throw error
  }
  return dataSource
}

async function createTables(dataSource: DataSource, markerTable: string) {
  const runner = dataSource.createQueryRunner()
  try {
    if (await runner.hasTable(markerTable)) return
  } finally {
    await runner.release()
  }
  await dataSource.synchronize()
}
