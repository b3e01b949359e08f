import type pg from 'pg'
import {
  measureWrites,
  type WriteKind,
  type WriteRounds,
  type Writes,
  type WrittenTable,
} from './measure-writes.ts'
import type { SyncStand } from './stand.ts'

const STATEMENTS: Record<WriteKind, (table: WrittenTable) => string> = {
  update: (table) =>
    `UPDATE ${table} SET quantity = quantity + 1, changed_at = clock_timestamp() WHERE id = $1`,
  insert: (table) => `INSERT INTO ${table} VALUES ($1, 'SKU-' || $1::bigint, 1, 2.5, clock_timestamp())`,
  delete: (table) => `DELETE FROM ${table} WHERE id = $1`,
}

/** What capture costs the monolith's writes on PostgreSQL. */
export async function measurePostgresWrites({ monolith }: SyncStand, rounds: WriteRounds): Promise<Writes> {
  const client = await monolith.connect()
  try {
    await refuseUnsafe(client)
    return await measureWrites(
      async (kind, table, id) => (await client.query(STATEMENTS[kind](table), [id])).rowCount ?? 0,
      rounds,
    )
  } finally {
    client.release()
  }
}

/** Without the wait for the disk the share would be another one. */
async function refuseUnsafe(client: pg.PoolClient): Promise<void> {
  for (const setting of ['fsync', 'synchronous_commit']) {
    const { rows } = await client.query<Record<string, string>>(`SHOW ${setting}`)
    if (rows[0]?.[setting] !== 'on') throw new Error(`${setting} is ${rows[0]?.[setting]}, not on.`)
  }
}
