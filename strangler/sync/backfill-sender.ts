import { randomUUID } from 'node:crypto'
import type { Clock } from '../core/ports.ts'
import type { BackfillOptions } from './backfill.ts'
import type { BackfillJobs, RefusedRow, SentJob } from './backfill-jobs.ts'
import type { BackfillState } from './backfill-state.ts'
import { createChunkSize } from './chunk-size.ts'
import type { TextRow } from './database.ts'
import { later } from './judge-incarnation.ts'
import type { TableRoute } from './mapping.ts'
import { BACKFILL_JOB, packBatches } from './pack-batches.ts'
import { type ReadEntries, toEntries } from './read-entries.ts'

const RETRY_AT_ONCE = 4_000
const KEYS_PER_RETRY = 500

/** Reads rows and sends them as jobs of the backfill's own queue. */
export interface BackfillSender {
  /** The next chunk of the table that is being read; false when every table is read. */
  sendChunk(state: BackfillState): Promise<boolean>
  /** A job's rows once more, as they are now. */
  sendKeys(job: SentJob): Promise<void>
  /** Rows that waited for others, a parent further on in their own table for instance. */
  retryRefused(state: BackfillState): Promise<void>
  readonly chunkRows: number
}

interface SenderOptions {
  readonly options: BackfillOptions
  /** Parents first. */
  readonly routes: readonly TableRoute[]
  readonly jobs: BackfillJobs
  readonly now: Clock
  /** What a row of a table counts as at least. */
  readonly leastVersion: (table: string) => string
}

export function createBackfillSender(parts: SenderOptions): BackfillSender {
  const { options, jobs, now } = parts
  const { source, transport, capability, installation, direction, epoch } = options
  const head = { capability, installation, direction, epoch }
  const chunkSize = createChunkSize()
  const findRoute = (table: string | undefined) =>
    parts.routes.find((candidate) => candidate.source.table.name === table)

  function readRows(route: TableRoute, rows: readonly TextRow[]): ReadEntries {
    const least = parts.leastVersion(route.source.table.name)
    return toEntries(
      route,
      rows.map((row) => ({ ...row, version: later(row['version'] ?? '0', least) ?? '0' })),
    )
  }

  async function sendKeys(job: SentJob): Promise<void> {
    const route = findRoute(job.table)
    if (route === undefined) return
    const rows = await source.query(source.dialect.readKeys(route.source, job.keys))
    // A row that is gone by now is the log's to tell.
    const read = readRows(
      route,
      rows.filter((row) => row['present'] === '1'),
    )
    if (job.through === undefined) jobs.add(job, refusedRows(job.table, read))
    await transport.sendBatches('backfill', [{ ...head, chunk: job.id, entries: read.entries }])
  }

  async function sendRead(table: string, read: ReadEntries, through: string): Promise<void> {
    const packed = packBatches(head, read.entries, BACKFILL_JOB)
    const batches = packed.length === 0 ? [{ ...head, entries: [] }] : packed
    const sent = batches.map((batch) => ({ ...batch, chunk: randomUUID() }))
    for (const batch of sent) {
      const keys = batch.entries.map(({ key }) => key)
      const isLast = batch === sent.at(-1)
      const job = { id: batch.chunk, table, keys, through: isLast ? through : keys.at(-1) }
      jobs.add(job, isLast ? refusedRows(table, read) : [])
    }
    // Registered first: what cannot be sent now is overdue soon, and sent then.
    await transport.sendBatches('backfill', sent)
  }

  return {
    sendKeys,
    async sendChunk(state) {
      const route = findRoute(state.reading)
      if (route === undefined) return false
      const began = now()
      const limit = chunkSize.rows
      const rows = await source.query(source.dialect.readRange(route.source, state.readAfter(), limit))
      const last = rows.at(-1)?.['key'] ?? undefined
      state.moveReading(last, rows.length < limit)
      // A row of a range is there by definition.
      const present = rows.map((row) => ({ ...row, present: '1' }))
      if (last !== undefined) await sendRead(route.source.table.name, readRows(route, present), last)
      chunkSize.learn(rows.length, now() - began)
      return true
    },
    async retryRefused(state) {
      for (const job of retryJobs(state)) await sendKeys(job)
    },
    get chunkRows() {
      return chunkSize.rows
    },
  }
}

function retryJobs(state: BackfillState): SentJob[] {
  return [...state.takeRefused(RETRY_AT_ONCE)].flatMap(([table, refused]) =>
    Array.from({ length: Math.ceil(refused.length / KEYS_PER_RETRY) }, (_, part) => ({
      id: randomUUID(),
      table,
      keys: refused.slice(part * KEYS_PER_RETRY, (part + 1) * KEYS_PER_RETRY),
      through: undefined,
    })),
  )
}

function refusedRows(table: string, read: ReadEntries): RefusedRow[] {
  return read.refused.map(({ key, error }) => ({ table, key, error: String(error) }))
}
