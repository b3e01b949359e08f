import type { SyncDatabase } from './database.ts'
import type { RunStatement, Statement } from './dialect.ts'

/** What may read a table. Everything else that is not a transaction speaks to the kit's own tables, or changes triggers. */
const READS = /^\s*(?:SELECT|WITH|SET STATEMENT|\()/i

/**
 * The same database, in which the kit's own reads of the guarded tables are kept apart from those of others. What it cannot be told apart in is not
 * hurt by that: there the watch says so.
 */
export function countOwnReads(database: SyncDatabase): SyncDatabase {
  const { reads } = database.dialect
  let isBlind = false

  async function begin(run: RunStatement): Promise<Statement | undefined> {
    if (isBlind) return undefined
    try {
      const [row] = await run(reads.beginOwn())
      return row !== undefined && row['before'] === null ? undefined : reads.endOwn(row?.['before'] ?? null)
    } catch (error) {
      // On MariaDB it is a matter of rights, and a refused statement ends no transaction there.
      if (database.dialect.name === 'postgres') throw error
      isBlind = true
      return undefined
    }
  }

  async function counted<T>(run: RunStatement, work: () => Promise<T>): Promise<T> {
    const end = await begin(run)
    const result = await work()
    if (end !== undefined) await run(end)
    return result
  }

  async function transaction<T>(
    work: (run: RunStatement) => Promise<T>,
    options?: Parameters<SyncDatabase['transaction']>[1],
  ): Promise<T> {
    try {
      return await database.transaction((run) => counted(run, () => work(run)), options)
    } catch (error) {
      const lost = reads.loseCount?.()
      // Who is away for this is away for the work, too: that error says more.
      if (lost !== undefined) await database.query(lost).catch(() => undefined)
      throw error
    }
  }

  return {
    dialect: database.dialect,
    query: (statement) =>
      READS.test(statement.sql) ? transaction((run) => run(statement)) : database.query(statement),
    transaction,
    stop: () => database.stop(),
  }
}
