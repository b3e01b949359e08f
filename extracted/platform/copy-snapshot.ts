import {
  DataSource,
  type DataSourceOptions,
  type EntityManager,
  type EntitySchema,
  type ObjectLiteral,
  type QueryRunner,
} from 'typeorm'

const PAGE_ROWS = 5_000
const INSERT_ROWS = 1_000

export interface TableCopy {
  readonly from: string
  /** Columns that give the rows a total order. */
  readonly orderBy: readonly string[]
  readonly to: EntitySchema<never>
  /** Property of the entity → column of the source. */
  readonly columns: Readonly<Record<string, string>>
  /** The property whose numbers the database hands out; it goes on above the copied ones. */
  readonly identity?: string
}

/**
 * Copies tables from another database into ours, which has none of their rows yet; all are read in one snapshot and
 * written in one transaction. Returns the rows copied, 0 when ours had some already.
 */
export async function copySnapshot(
  target: DataSource,
  sourceUrl: string,
  tables: readonly TableCopy[],
): Promise<number> {
  for (const { to } of tables) if ((await target.getRepository(to).count({ take: 1 })) > 0) return 0
  const source = new DataSource(connectionOf(sourceUrl))
  await source.initialize()
  const reader = source.createQueryRunner()
  try {
    await reader.startTransaction('REPEATABLE READ')
    return await target.transaction(async (tx) => {
      let copied = 0
      for (const table of tables) copied += await copyTable(reader, tx, table)
      return copied
    })
  } finally {
    if (reader.isTransactionActive) await reader.rollbackTransaction()
    await reader.release()
    await source.destroy()
  }
}

/** The shop may be on MariaDB, although the services are not. Times are read as UTC, wherever the process runs. */
function connectionOf(url: string): DataSourceOptions {
  if (/^(mariadb|mysql):/.test(url)) {
    // mysql2 knows the scheme mysql only.
    return { type: 'mariadb', url: url.replace(/^mariadb:/, 'mysql:'), connectTimeout: 5_000, timezone: 'Z' }
  }
  return { type: 'postgres', url, applicationName: 'snapshot', connectTimeoutMS: 5_000 }
}

async function copyTable(reader: QueryRunner, tx: EntityManager, table: TableCopy): Promise<number> {
  const columns = Object.values(table.columns).join(', ')
  for (let offset = 0; ; offset += PAGE_ROWS) {
    const rows: ObjectLiteral[] = await reader.query(
      `SELECT ${columns} FROM ${table.from} ORDER BY ${table.orderBy.join(', ')} LIMIT ${PAGE_ROWS} OFFSET ${offset}`,
    )
    await insertRows(tx, table, rows)
    if (rows.length < PAGE_ROWS) {
      if (table.identity !== undefined) await continueNumbering(tx, table, table.identity)
      return offset + rows.length
    }
  }
}

async function insertRows(tx: EntityManager, { to, columns }: TableCopy, rows: readonly ObjectLiteral[]) {
  const mapped = rows.map((row) =>
    Object.fromEntries(Object.entries(columns).map(([property, column]) => [property, row[column]])),
  )
  for (let start = 0; start < mapped.length; start += INSERT_ROWS) {
    const values = mapped.slice(start, start + INSERT_ROWS) as never[]
    await tx.createQueryBuilder().insert().into(to).values(values).updateEntity(false).execute()
  }
}

/** PostgreSQL's sequences do not notice numbers that were given; AUTO_INCREMENT does. */
async function continueNumbering(tx: EntityManager, { to }: TableCopy, column: string) {
  if (tx.connection.options.type !== 'postgres') return
  const { tableName } = tx.connection.getMetadata(to)
  await tx.query(
    `SELECT setval(pg_get_serial_sequence('${tableName}', '${column}'), greatest((SELECT max(${column}) FROM ${tableName}), 1))`,
  )
}
