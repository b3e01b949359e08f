import { randomUUID } from 'node:crypto'
import type { Clock, ReportError, Stoppable } from '../core/ports.ts'
import type { BatchResult, Direction } from '../core/sync-words.ts'
import { type BackfillJobs, createBackfillJobs, type RefusedRow, type SentJob } from './backfill-jobs.ts'
import { type BackfillState, openState } from './backfill-state.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { createChunkSize } from './chunk-size.ts'
import type { SyncDatabase } from './database.ts'
import { createLoop } from './loop.ts'
import type { TableRoute } from './mapping.ts'
import { BACKFILL_JOB, packBatches } from './pack-batches.ts'
import { type ReadEntries, toEntries } from './read-entries.ts'
import { orderByReferences } from './table-order.ts'
import type { Transport } from './transport.ts'

/** A chunk of the largest size is on its way while the next one is read. */
const MOST_JOBS = 16
const RETRY_AT_ONCE = 4_000
const KEYS_PER_RETRY = 500
const RETRY_EVERY_MS = 1_000

export interface BackfillOptions {
  readonly capability: string
  readonly direction: Direction
  readonly epoch: number
  readonly source: SyncDatabase
  readonly routes: readonly TableRoute[]
  readonly transport: Transport
  readonly checkpoints: CheckpointStore
  /** Why it should wait now (lag, load, queue depth, a flag), or undefined. Asked before every chunk. */
  readonly throttle?: () => Promise<string | undefined>
  readonly report: ReportError
  readonly now?: Clock
}

export interface BackfillStatus {
  readonly state: 'running' | 'done'
  /** Rows that the target has taken, over all tables and restarts. */
  readonly rows: number
  readonly table: string | undefined
  /** Rows that the target has refused so far; they are tried again. */
  readonly refused: number
  /** The first of those, for people. */
  readonly firstRefusal: string | undefined
  readonly chunkRows: number
  readonly throttled: string | undefined
}

/** Copies every row there is as an ordinary message; a change that is on its way at the same time wins by its version. */
export interface Backfill extends Stoppable {
  start(): void
  pause(): void
  resume(): void
  /** A result came; those of other jobs are left alone. */
  settle(result: BatchResult): void
  /** The queue has lost everything: what is on its way is sent again at once. */
  resend(): void
  status(): BackfillStatus
}

export function createBackfill(options: BackfillOptions): Backfill {
  const { source, transport, report } = options
  const now = options.now ?? (() => performance.now())
  const routes = orderByReferences(options.routes.map((route) => ({ table: route.source.table, route }))).map(
    ({ route }) => route,
  )
  const head = { capability: options.capability, direction: options.direction, epoch: options.epoch }
  const name = `backfill:${options.capability}:${options.direction}:${options.epoch}`
  const jobs: BackfillJobs = createBackfillJobs(now)
  const chunkSize = createChunkSize()
  let state: BackfillState | undefined
  let throttled: string | undefined
  let retryAt = 0

  async function step(): Promise<boolean> {
    state ??= openState(
      await options.checkpoints.read(name),
      routes.map(({ source: { table } }) => table.name),
    )
    await saveProgress(state)
    if (state.isDone()) return false
    for (const job of jobs.takeOverdue()) await sendKeys(job)
    // A table begins when the ones before it are there: what it points to is, too.
    if (jobs.size >= MOST_JOBS || (jobs.size > 0 && state.isAtStart())) return false
    throttled = await options.throttle?.()
    if (throttled !== undefined) return false
    const route = routes.find((candidate) => candidate.source.table.name === state?.reading)
    return route === undefined ? retryRefused(state) : readChunk(state, route)
  }

  async function saveProgress(current: BackfillState): Promise<void> {
    const progress = jobs.takeProgress()
    if (progress !== undefined) current.advance(progress.done, progress.refused)
    const isFinished = jobs.size === 0 && current.finishRead()
    if (progress !== undefined || isFinished) await options.checkpoints.write(name, current.toText())
  }

  async function readChunk(current: BackfillState, route: TableRoute): Promise<boolean> {
    const began = now()
    const limit = chunkSize.rows
    const rows = await source.query(source.dialect.readRange(route.source, current.readAfter(), limit))
    const last = rows.at(-1)?.['key'] ?? undefined
    current.moveReading(last, rows.length < limit)
    // A row of a range is there by definition.
    const read = toEntries(
      route,
      rows.map((row) => ({ ...row, present: '1' })),
    )
    if (last !== undefined) await send(route.source.table.name, read, last)
    chunkSize.learn(rows.length, now() - began)
    return true
  }

  async function send(table: string, read: ReadEntries, through: string): Promise<void> {
    const packed = packBatches(head, read.entries, BACKFILL_JOB)
    const batches = (packed.length === 0 ? [{ ...head, entries: [] }] : packed).map((batch) => ({
      ...batch,
      chunk: randomUUID(),
    }))
    for (const batch of batches) {
      const keys = batch.entries.map(({ key }) => key)
      const isLast = batch === batches.at(-1)
      const job = { id: batch.chunk, table, keys, through: isLast ? through : keys.at(-1) }
      jobs.add(job, isLast ? refusedRows(table, read) : [])
    }
    // Registered first: what cannot be sent now is overdue soon, and sent then.
    await transport.sendBatches('backfill', batches)
  }

  async function sendKeys(job: SentJob): Promise<void> {
    const route = routes.find((candidate) => candidate.source.table.name === job.table)
    if (route === undefined) return
    const rows = await source.query(source.dialect.readKeys(route.source, job.keys))
    // A row that is gone by now is the log's to tell.
    const read = toEntries(
      route,
      rows.filter((row) => row['present'] === '1'),
    )
    if (job.through === undefined) jobs.add(job, refusedRows(job.table, read))
    await transport.sendBatches('backfill', [{ ...head, chunk: job.id, entries: read.entries }])
  }

  /** Rows that waited for others, a parent further on in their own table for instance. */
  async function retryRefused(current: BackfillState): Promise<boolean> {
    if (jobs.size > 0 || now() < retryAt) return false
    retryAt = now() + RETRY_EVERY_MS
    for (const [table, refused] of current.takeRefused(RETRY_AT_ONCE)) {
      for (let first = 0; first < refused.length; first += KEYS_PER_RETRY) {
        const keys = refused.slice(first, first + KEYS_PER_RETRY)
        await sendKeys({ id: randomUUID(), table, keys, through: undefined })
      }
    }
    return false
  }

  const loop = createLoop({
    work: step,
    shortestPauseMs: 10,
    longestPauseMs: 500,
    onError: (error) => report('sync.backfill', error),
  })
  return {
    ...loop,
    settle(result) {
      if (result.chunk === undefined) return
      jobs.settle(result)
      loop.wake()
    },
    resend() {
      jobs.expire()
      loop.wake()
    },
    status: () => ({
      state: state?.isDone() ? 'done' : 'running',
      rows: state?.rows ?? 0,
      table: state?.reading,
      refused: state?.refusedCount ?? 0,
      firstRefusal: state?.firstRefusal,
      chunkRows: chunkSize.rows,
      throttled,
    }),
  }
}

function refusedRows(table: string, read: ReadEntries): RefusedRow[] {
  return read.refused.map(({ key, error }) => ({ table, key, error: String(error) }))
}
