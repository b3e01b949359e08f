import type { DataSource, EntityManager } from 'typeorm'

export interface OrderPlaced {
  readonly reference: string
  readonly items: readonly { readonly sku: string; readonly quantity: number }[]
}

/** How often and how much of each sku was ordered; the service's own, the shop has no such table. */
export async function createDemandTable(dataSource: DataSource): Promise<void> {
  await dataSource.query(`
    CREATE TABLE IF NOT EXISTS order_demand (
      sku varchar(40) PRIMARY KEY,
      orders integer NOT NULL,
      pieces integer NOT NULL
    )`)
}

/** Not safe to repeat: that it happens once is the inbox's doing. */
export async function countDemand(tx: EntityManager, { items }: OrderPlaced): Promise<void> {
  // In one order, so that two events do not wait for each other.
  for (const { sku, quantity } of [...items].sort((one, other) => (one.sku < other.sku ? -1 : 1))) {
    await tx.query(
      `INSERT INTO order_demand (sku, orders, pieces) VALUES ($1, 1, $2)
       ON CONFLICT (sku) DO UPDATE SET orders = order_demand.orders + 1, pieces = order_demand.pieces + excluded.pieces`,
      [sku, quantity],
    )
  }
}
