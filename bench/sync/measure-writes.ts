import { performance } from 'node:perf_hooks'
import { median, percentile, round } from '../statistics.ts'
import { TABLE } from './options.ts'

/** Few enough that the first round has been to every page: the first change of a page after a checkpoint writes the whole page, and would hide the capture. */
const WRITTEN_ROWS = 10_000

/** A write is one of these, of one row, in a transaction of its own; its time is until the answer, which comes when it is on the disk. */
export type WriteKind = 'update' | 'insert' | 'delete'

/** The table that nobody captures, and the captured one. */
export type WrittenTable = 'plain' | typeof TABLE

/** Does one write. @returns how many rows it has changed */
export type Write = (kind: WriteKind, table: WrittenTable, id: number) => Promise<number>

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

export interface WriteRounds {
  /** That both tables have. */
  readonly rows: number
  readonly rounds: number
  /** Of each kind to each table in one round. */
  readonly writes: number
  readonly signal: AbortSignal
}

/** What one round took, by kind, of the table that nobody captures and of the captured one. */
type Round = Record<WriteKind, { readonly plain: number[]; readonly captured: number[] }>

/** One write of each table after the other, so that whatever else happens meanwhile happens to both. */
export async function measureWrites(
  write: Write,
  { rows, rounds, writes, signal }: WriteRounds,
): Promise<Writes> {
  const found: Round[] = []
  for (let turn = 0; turn <= rounds; turn += 1) {
    signal.throwIfAborted()
    const measured = await measureRound(write, { writes, rows, turn })
    // The first one fills the caches.
    if (turn > 0) found.push(measured)
  }
  const overheads = (kind: WriteKind) =>
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
}

async function measureRound(
  write: Write,
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
      for (const which of order)
        found[kind][which].push(
          await timeWrite(write, kind, { table: which === 'plain' ? 'plain' : TABLE, id }),
        )
    }
  }
  return found
}

async function timeWrite(
  write: Write,
  kind: WriteKind,
  { table, id }: { table: WrittenTable; id: number },
): Promise<number> {
  const began = performance.now()
  const changed = await write(kind, table, id)
  const tookMs = performance.now() - began
  if (changed !== 1)
    throw new Error(`The ${kind} of row ${id} of ${table} found no row, so nothing was measured.`)
  return tookMs
}
