import { DataSource, type DataSourceOptions } from 'typeorm'
import { ABOUT } from './about.ts'
import { declarations, entities } from './entities.ts'

/** Connects, and creates the tables in a database that has none of them. What is there is left as it is: use migrations from then on. */
export async function openDatabase(url: string): Promise<DataSource> {
  const dataSource = new DataSource(ABOUT.dialect === 'postgres' ? postgresOptions(url) : mariadbOptions(url))
  await dataSource.initialize().catch((error: Error) => {
    throw new Error(
      `its database (DATABASE_URL) cannot be opened: ${error.message}. Start it, create it, or correct the address.`,
    )
  })
  try {
    if (!(await hasTables(dataSource))) await createTables(dataSource)
  } catch (error) {
    await dataSource.destroy()
    throw error
  }
  return dataSource
}

async function createTables(dataSource: DataSource): Promise<void> {
  await dataSource.synchronize()
  for (const statement of declarations) await dataSource.query(statement)
}

async function hasTables(dataSource: DataSource): Promise<boolean> {
  const runner = dataSource.createQueryRunner()
  try {
    for (const { tableName } of dataSource.entityMetadatas) if (await runner.hasTable(tableName)) return true
    return false
  } finally {
    await runner.release()
  }
}

function postgresOptions(url: string): DataSourceOptions {
  return {
    ...{ type: 'postgres', url, entities: [...entities], poolSize: 10, connectTimeoutMS: 5_000 },
    // How its connections are told from others by the database, and by `strangler doctor`.
    applicationName: ABOUT.capability,
  }
}

function mariadbOptions(url: string): DataSourceOptions {
  return {
    ...{ type: 'mariadb', url: url.replace(/^mysql:/, 'mariadb:'), entities: [...entities], poolSize: 10 },
    ...{ charset: 'utf8mb4', timezone: 'Z', connectTimeout: 5_000 },
  }
}
