import type { DataSource } from 'typeorm'
import { isDue, type NightlyCount } from './nightly-count.ts'

/**
 * The stock count that somebody wrote years ago: it writes the table itself, past every endpoint, so nothing that
 * watches HTTP sees it, nobody is told on the stream, and no movement is booked. One piece is lost in each row counted.
 */
export function countStockNightly(dataSource: DataSource): NightlyCount {
  const [now, counted] = dataSource.options.type === 'postgres' ? ['$1', '$2'] : ['?', '?']
  const statement = `
    UPDATE inventory_stock SET qty_on_hand = qty_on_hand - 1, updated_at = ${now}
     WHERE sku = ${counted} AND qty_on_hand > qty_reserved`
  return async (night) => {
    const rows: { sku: string }[] = await dataSource.query('SELECT DISTINCT sku FROM inventory_stock')
    let written = 0
    for (const { sku } of rows)
      if (isDue(sku, night)) written += affectedRows(await dataSource.query(statement, [new Date(), sku]))
    return written
  }
}

/** node-pg gives [rows, count], mysql2 a header. */
function affectedRows(result: unknown): number {
  if (Array.isArray(result)) return Number(result[1] ?? 0)
  return Number((result as { affectedRows?: number }).affectedRows ?? 0)
}
