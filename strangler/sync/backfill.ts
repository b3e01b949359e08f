import type { Clock, ReportError, Stoppable } from '../core/ports.ts'
import type { BatchResult, Direction } from '../core/sync-words.ts'
import { createBackfillJobs } from './backfill-jobs.ts'
import { createBackfillSender } from './backfill-sender.ts'
import { type BackfillState, openState, writeBeginning } from './backfill-state.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import type { SyncDatabase } from './database.ts'
import { createLoop } from './loop.ts'
import type { TableRoute } from './mapping.ts'
import { orderByReferences } from './table-order.ts'
import type { Transport } from './transport.ts'
import { readWaitingTruncate } from './waiting-truncate.ts'

/** A chunk of the largest size is on its way while the next one is read. */
const MOST_JOBS = 16
const RETRY_EVERY_MS = 1_000

export interface BackfillOptions {
  readonly capability: string
  readonly installation: string
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
  /** Before anything else of the epoch is sent: keeps what it has to know of the moment in which it began. @throws the database's error */
  prepare(): Promise<void>
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
  const now = options.now ?? (() => performance.now())
  const routes = orderByReferences(options.routes.map((route) => ({ table: route.source.table, route }))).map(
    ({ route }) => route,
  )
  const name = `backfill:${options.capability}:${options.direction}:${options.epoch}`
  const jobs = createBackfillJobs(now)
  const leastVersion = (table: string) => state?.leastVersion(table) ?? '0'
  const sender = createBackfillSender({ options, routes, jobs, now, leastVersion })
  let state: BackfillState | undefined
  let throttled: string | undefined
  let retryAt = 0

  async function prepare(): Promise<BackfillState> {
    const tables = routes.map(({ source: { table } }) => table.name)
    const kept = (await options.checkpoints.read(name)) || (await keepBeginning(options, { name, tables }))
    return openState(kept, tables)
  }

  async function step(): Promise<boolean> {
    state ??= await prepare()
    await saveProgress(state)
    if (state.isDone()) return false
    for (const job of jobs.takeOverdue()) await sender.sendKeys(job)
    // A table begins when the ones before it are there: what it points to is, too.
    if (jobs.size >= MOST_JOBS || (jobs.size > 0 && state.isAtStart())) return false
    throttled = await options.throttle?.()
    if (throttled !== undefined) return false
    if (await sender.sendChunk(state)) return true
    if (jobs.size > 0 || now() < retryAt) return false
    retryAt = now() + RETRY_EVERY_MS
    await sender.retryRefused(state)
    return false
  }

  async function saveProgress(current: BackfillState): Promise<void> {
    const progress = jobs.takeProgress()
    if (progress !== undefined) current.advance(progress.done, progress.refused)
    const isFinished = jobs.size === 0 && current.finishRead()
    if (progress !== undefined || isFinished) await options.checkpoints.write(name, current.toText())
  }

  const loop = createLoop({
    work: step,
    shortestPauseMs: 10,
    longestPauseMs: 500,
    onError: (error) => options.report('sync.backfill', error),
  })
  return {
    ...loop,
    async prepare() {
      state ??= await prepare()
    },
    settle(result) {
      if (result.chunk === undefined) return
      jobs.settle(result)
      loop.wake()
    },
    resend() {
      jobs.expire()
      loop.wake()
    },
    status: () => ({ ...describeState(state), chunkRows: sender.chunkRows, throttled }),
  }
}

/** Whoever is first has it right for all: what it finds was not carried in this epoch. */
async function keepBeginning(
  { source, checkpoints }: BackfillOptions,
  { name, tables }: { name: string; tables: readonly string[] },
): Promise<string | undefined> {
  const truncated: Record<string, string> = {}
  for (const table of tables) {
    const version = await readWaitingTruncate(source, table)
    if (version !== undefined) truncated[table] = version
  }
  await checkpoints.replace(name, undefined, writeBeginning(truncated))
  return checkpoints.read(name)
}

function describeState(state: BackfillState | undefined): Omit<BackfillStatus, 'chunkRows' | 'throttled'> {
  return {
    state: state?.isDone() ? 'done' : 'running',
    rows: state?.rows ?? 0,
    table: state?.reading,
    refused: state?.refusedCount ?? 0,
    firstRefusal: state?.firstRefusal,
  }
}
