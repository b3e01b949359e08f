import type { SyncHeartbeat } from '../core/data-position.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { SyncOrder } from '../core/words.ts'
import { createBackfill } from './backfill.ts'
import { createDatabaseCheckpoints } from './checkpoint-store.ts'
import type { SyncDatabase } from './database.ts'
import { guessRows } from './guess-rows.ts'
import { createSourceEnd, type SourceEnd } from './link.ts'
import { createLoop, type Loop } from './loop.ts'
import type { TableRoute } from './mapping.ts'
import { createRecentKeys } from './recent-keys.ts'
import type { RunningStatus } from './running-sync.ts'
import { createThrottle, type ThrottleSettings } from './throttle.ts'
import type { Transport } from './transport.ts'

const SAMPLE_EVERY_MS = 500
const BUSY_AT = 4_000

export interface SourcePartsOptions {
  readonly capability: string
  readonly installation: string
  readonly order: SyncOrder
  readonly source: SyncDatabase
  readonly routes: readonly TableRoute[]
  readonly transport: Transport
  readonly throttle?: ThrottleSettings
  readonly onHeartbeat: (heartbeat: SyncHeartbeat) => void
  readonly report: ReportError
}

/** The source's half of a running sync, for a target that another program keeps. */
export interface SourceParts extends Stoppable {
  pause(): Promise<void>
  resume(): Promise<void>
  status(): Promise<RunningStatus>
  /** For a cut-over: what is pending is sent now, and what was sent last is looked at. */
  wake(): void
  recentKeys(): Map<string, string[]>
}

/** @throws the source's errors; nothing runs then */
export async function startSourceParts(options: SourcePartsOptions): Promise<SourceParts> {
  const { capability, installation, order, source, routes, report } = options
  const transport = nameColumns(options.transport, routes)
  const head = { capability, installation, direction: 'forward', epoch: order.epoch } as const
  const basis = { ...head, routes, transport, report }
  let isPaused = false
  const throttle = createThrottle({
    maxInFlight: BUSY_AT,
    ...options.throttle,
    // Nobody here can look at the service's load: its applier is as fast as it is.
    databases: { monolith: source, service: source },
    queries: options.throttle?.queries?.filter(({ side }) => side === 'monolith'),
    readSource: () => sourceEnd.status(),
    readQueuedJobs: async () => {
      const { apply, results } = await transport.depth()
      return apply + results
    },
  })
  const backfill =
    order.backfill === true
      ? createBackfill({ ...basis, source, checkpoints: createDatabaseCheckpoints(source), throttle })
      : undefined
  const recent = createRecentKeys(routes)
  const sourceEnd = createSourceEnd({
    ...basis,
    source,
    onSettled(result) {
      backfill?.settle(result)
      recent.add(result)
    },
    onQueueLost: () => backfill?.resend(),
  })
  const sampler = createSampler(options, {
    sourceEnd,
    isCopy: () => !isPaused && (order.whole === true || backfill?.status().state === 'done'),
  })
  const ends = [sourceEnd, ...(backfill === undefined ? [] : [backfill])]
  await backfill?.prepare()
  await sourceEnd.start()
  const tables = routes.map((route) => route.source.table)
  const expectedRows = await guessRows(source, tables).catch(() => undefined)
  backfill?.start()
  sampler.start()
  return {
    async stop() {
      await Promise.all([sampler.stop(), ...ends.map((end) => end.stop())])
    },
    async pause() {
      isPaused = true
      await Promise.all(ends.map((end) => end.pause()))
    },
    async resume() {
      isPaused = false
      await Promise.all(ends.map((end) => end.resume()))
    },
    wake: sourceEnd.wake,
    recentKeys: recent.read,
    async status() {
      const [status, queue, warnings] = await Promise.all([
        sourceEnd.status(),
        transport.depth().catch(() => undefined),
        transport.findWarnings().catch(() => ['The queue does not answer: changes wait in the log.']),
      ])
      const { epoch } = order
      return { epoch, source: status, queue, warnings, expectedRows, backfill: backfill?.status() }
    },
  }
}

/** The heart: says twice a second how far the copy is. */
function createSampler(
  { capability, order, onHeartbeat, report }: SourcePartsOptions,
  { sourceEnd, isCopy }: { sourceEnd: SourceEnd; isCopy: () => boolean },
): Loop {
  const said = { capability, epoch: order.epoch, direction: 'forward' } as const
  return createLoop({
    async work() {
      const { lagMs, appliedThrough, entries, waiting: refused, source, at } = await sourceEnd.status()
      const position = isCopy() ? { lagMs, appliedThrough } : {}
      onHeartbeat({ ...said, entries, refused, source, at, ...position })
      return false
    },
    shortestPauseMs: SAMPLE_EVERY_MS,
    longestPauseMs: SAMPLE_EVERY_MS,
    onError: (error) => report('sync.lag', error),
  })
}

/** The other program does not know the mapping: each job says what its cells are called. */
function nameColumns(transport: Transport, routes: readonly TableRoute[]): Transport {
  const columns = Object.fromEntries(routes.map(({ target }) => [target.table.name, target.columns]))
  return {
    ...transport,
    sendBatches: (lane, batches) =>
      transport.sendBatches(
        lane,
        batches.map((batch) => ({ ...batch, columns: pick(columns, batch) })),
      ),
  }
}

function pick<T>(
  columns: Readonly<Record<string, T>>,
  { entries }: { entries: readonly { table: string }[] },
) {
  const names = new Set(entries.map(({ table }) => table))
  return Object.fromEntries(Object.entries(columns).filter(([name]) => names.has(name)))
}
