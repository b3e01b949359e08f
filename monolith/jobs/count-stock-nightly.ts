import type { DataSource } from 'typeorm'

export interface NightlyOptions {
  /** Counts the skus whose number leaves this remainder; a different part of the shop each night. */
  readonly night: number
  readonly nights: number
}

/**
 * The stock count that somebody wrote years ago: it writes the table itself, past every endpoint, so nothing that
 * watches HTTP sees it, nobody is told on the stream, and no movement is booked. One piece is lost in each row counted.
 * Returns the number of rows written.
 */
export async function countStockNightly(
  dataSource: DataSource,
  { night, nights }: NightlyOptions,
): Promise<number> {
  const [placeholderNow, placeholderSkus] = dataSource.options.type === 'postgres' ? ['$1', '$2'] : ['?', '?']
  const rows: { sku: string }[] = await dataSource.query('SELECT DISTINCT sku FROM inventory_stock')
  const due = rows.filter(({ sku }) => Number(sku.replaceAll(/\D/g, '')) % nights === night % nights)
  let written = 0
  for (const { sku } of due) {
    const result = await dataSource.query(
      `UPDATE inventory_stock SET qty_on_hand = qty_on_hand - 1, updated_at = ${placeholderNow}
        WHERE sku = ${placeholderSkus} AND qty_on_hand > qty_reserved`,
      [new Date(), sku],
    )
    written += affectedRows(result)
  }
  return written
}

/** node-pg gives [rows, count], mysql2 a header. */
function affectedRows(result: unknown): number {
  if (Array.isArray(result)) return Number(result[1] ?? 0)
  return Number((result as { affectedRows?: number }).affectedRows ?? 0)
}
