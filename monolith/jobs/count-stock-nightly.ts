import type { DataSource } from 'typeorm'
import { isDue, type NightlyCount } from './nightly-count.ts'

/**
 * The stock count that somebody wrote years ago: it writes the table itself, past every endpoint, so nothing that
 * watches HTTP sees it, nobody is told on the stream, and no movement is booked. One piece is lost in each row counted.
 * At least it tells the database who it is, as jobs that run as programs of their own do.
 */
export function countStockNightly(dataSource: DataSource): NightlyCount {
  const isPostgres = dataSource.options.type === 'postgres'
  const [now, counted] = isPostgres ? ['$1', '$2'] : ['?', '?']
  const statement = `
    UPDATE inventory_stock SET qty_on_hand = qty_on_hand - 1, updated_at = ${now}
     WHERE sku = ${counted} AND qty_on_hand > qty_reserved`
  return async (night) => {
    const runner = dataSource.createQueryRunner()
    try {
      if (isPostgres) await runner.query("SET application_name = 'shop-nightly'")
      const rows: { sku: string }[] = await runner.query('SELECT DISTINCT sku FROM inventory_stock')
      let written = 0
      for (const { sku } of rows)
        if (isDue(sku, night)) written += affectedRows(await runner.query(statement, [new Date(), sku]))
      return written
    } finally {
      if (isPostgres) await runner.query('RESET application_name')
      await runner.release()
    }
  }
}

/** node-pg gives [rows, count], mysql2 a header. */
function affectedRows(result: unknown): number {
  if (Array.isArray(result)) return Number(result[1] ?? 0)
  return Number((result as { affectedRows?: number }).affectedRows ?? 0)
}
