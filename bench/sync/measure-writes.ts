import { performance } from 'node:perf_hooks'
import type pg from 'pg'
import { median, percentile, round } from '../statistics.ts'
import { TABLE } from './options.ts'
import type { SyncStand } from './stand.ts'

/** The two tables are alike in size and depth; what is written is a part that soon is in memory, as an application's busy rows are. */
const WRITTEN_ROWS = 100_000

export interface Writes {
  /** What capture adds to the median of a write that is committed to the disk, as a share: 0.1 is 10 %. */
  readonly writeP50Overhead: number
  readonly plainP50Ms: number
  readonly capturedP50Ms: number
  /** Rounds' own overheads, for the spread. */
  readonly rounds: readonly number[]
}

/** One write of each table after the other, so that whatever else happens meanwhile happens to both. */
export async function measureWrites(
  { monolith }: SyncStand,
  { rows, rounds, writes, signal }: { rows: number; rounds: number; writes: number; signal: AbortSignal },
): Promise<Writes> {
  const client = await monolith.connect()
  try {
    const all = { plain: [] as number[], captured: [] as number[] }
    const overheads: number[] = []
    for (let turn = 0; turn <= rounds; turn += 1) {
      signal.throwIfAborted()
      const found = await measureRound(client, writes, Math.min(rows, WRITTEN_ROWS))
      // The first one fills the caches.
      if (turn === 0) continue
      all.plain.push(...found.plain)
      all.captured.push(...found.captured)
      overheads.push(median(found.captured) / median(found.plain) - 1)
    }
    return {
      writeP50Overhead: round(median(overheads)),
      plainP50Ms: round(percentile(all.plain, 50)),
      capturedP50Ms: round(percentile(all.captured, 50)),
      rounds: overheads.map((overhead) => round(overhead)),
    }
  } finally {
    client.release()
  }
}

async function measureRound(client: pg.PoolClient, writes: number, among: number) {
  const found = { plain: [] as number[], captured: [] as number[] }
  for (let i = 0; i < writes; i += 1) {
    const id = 1 + Math.floor(Math.random() * among)
    const order = i % 2 === 0 ? (['plain', 'captured'] as const) : (['captured', 'plain'] as const)
    for (const which of order)
      found[which].push(await timeWrite(client, which === 'plain' ? 'plain' : TABLE, id))
  }
  return found
}

async function timeWrite(client: pg.PoolClient, table: string, id: number): Promise<number> {
  const began = performance.now()
  const { rowCount } = await client.query(
    `UPDATE ${table} SET quantity = quantity + 1, changed_at = clock_timestamp() WHERE id = $1`,
    [id],
  )
  const tookMs = performance.now() - began
  if (rowCount !== 1) throw new Error(`${table} has no row ${id}, so nothing was measured.`)
  return tookMs
}
