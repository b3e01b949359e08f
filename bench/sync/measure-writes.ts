import { performance } from 'node:perf_hooks'
import type pg from 'pg'
import { median, percentile, round } from '../statistics.ts'
import { TABLE } from './options.ts'
import type { SyncStand } from './stand.ts'

/** Few enough that the first round has been to every page: the first change of a page after a checkpoint writes the whole page, and would hide the capture. */
const WRITTEN_ROWS = 10_000

/** A write is one of these, of one row, in a transaction of its own; its time is until the answer, which comes when it is on the disk. */
const STATEMENTS = {
  update: (table: string) =>
    `UPDATE ${table} SET quantity = quantity + 1, changed_at = clock_timestamp() WHERE id = $1`,
  insert: (table: string) =>
    `INSERT INTO ${table} VALUES ($1, 'SKU-' || $1::bigint, 1, 2.5, clock_timestamp())`,
  delete: (table: string) => `DELETE FROM ${table} WHERE id = $1`,
} as const

type Kind = keyof typeof STATEMENTS

export interface Writes {
  /** What capture adds to the median of an UPDATE, as a share: 0.1 is 10 %. The median of the rounds. */
  readonly writeP50Overhead: number
  readonly insertP50Overhead: number
  readonly deleteP50Overhead: number
  /** Of all UPDATEs. */
  readonly plainP50Ms: number
  readonly capturedP50Ms: number
  /** Each round's own overhead of UPDATE, for the spread. */
  readonly rounds: readonly number[]
}

/** What one round took, by kind, of the table that nobody captures and of the captured one. */
type Round = Record<Kind, { readonly plain: number[]; readonly captured: number[] }>

/** One write of each table after the other, so that whatever else happens meanwhile happens to both. */
export async function measureWrites(
  { monolith }: SyncStand,
  { rows, rounds, writes, signal }: { rows: number; rounds: number; writes: number; signal: AbortSignal },
): Promise<Writes> {
  const client = await monolith.connect()
  try {
    await refuseUnsafe(client)
    const found: Round[] = []
    for (let turn = 0; turn <= rounds; turn += 1) {
      signal.throwIfAborted()
      const measured = await measureRound(client, { writes, rows, turn })
      // The first one fills the caches.
      if (turn > 0) found.push(measured)
    }
    const overheads = (kind: Kind) =>
      found.map((measured) => median(measured[kind].captured) / median(measured[kind].plain) - 1)
    const p50 = (which: 'plain' | 'captured') =>
      round(
        percentile(
          found.flatMap((measured) => measured.update[which]),
          50,
        ),
      )
    return {
      writeP50Overhead: round(median(overheads('update'))),
      insertP50Overhead: round(median(overheads('insert'))),
      deleteP50Overhead: round(median(overheads('delete'))),
      plainP50Ms: p50('plain'),
      capturedP50Ms: p50('captured'),
      rounds: overheads('update').map((overhead) => round(overhead)),
    }
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

async function measureRound(
  client: pg.PoolClient,
  { writes, rows, turn }: { writes: number; rows: number; turn: number },
): Promise<Round> {
  const times = () => ({ plain: [] as number[], captured: [] as number[] })
  const found: Round = { update: times(), insert: times(), delete: times() }
  for (let i = 0; i < writes; i += 1) {
    const order = i % 2 === 0 ? (['plain', 'captured'] as const) : (['captured', 'plain'] as const)
    const known = 1 + Math.floor(Math.random() * Math.min(rows, WRITTEN_ROWS))
    const fresh = rows + 1 + turn * writes + i
    for (const [kind, id] of [
      ['update', known],
      ['insert', fresh],
      ['delete', fresh],
    ] as const) {
      for (const which of order) found[kind][which].push(await timeWrite(client, kind, { which, id }))
    }
  }
  return found
}

async function timeWrite(
  client: pg.PoolClient,
  kind: Kind,
  { which, id }: { which: 'plain' | 'captured'; id: number },
): Promise<number> {
  const table = which === 'plain' ? 'plain' : TABLE
  const began = performance.now()
  const { rowCount } = await client.query(STATEMENTS[kind](table), [id])
  const tookMs = performance.now() - began
  if (rowCount !== 1)
    throw new Error(`The ${kind} of row ${id} of ${table} found no row, so nothing was measured.`)
  return tookMs
}
