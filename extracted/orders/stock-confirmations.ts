import type { DataSource, EntityManager } from 'typeorm'

export interface StockReserved {
  readonly reservationId: string
  /** The order's; null when the stock was reserved for something else. */
  readonly reference: string | null
  readonly pieces: number
}

/** What the inventory has said of the stock of each order. */
export async function createConfirmationsTable(dataSource: DataSource): Promise<void> {
  await dataSource.query(`
    CREATE TABLE IF NOT EXISTS stock_confirmations (
      id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      order_reference varchar(120) NOT NULL,
      reservation_id varchar(40) NOT NULL,
      pieces integer NOT NULL
    )`)
}

/** Not safe to repeat: that it happens once is the inbox's doing. */
export async function recordConfirmation(
  tx: EntityManager,
  { reference, reservationId, pieces }: StockReserved,
): Promise<void> {
  if (reference === null) return
  await tx.query(
    'INSERT INTO stock_confirmations (order_reference, reservation_id, pieces) VALUES ($1, $2, $3)',
    [reference, reservationId, pieces],
  )
}
