import type { SyncHeartbeat } from '../core/data-position.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { Direction } from '../core/sync-words.ts'
import type { SyncOrder } from '../core/words.ts'
import { type BackfillStatus, createBackfill } from './backfill.ts'
import { raiseEpoch } from './bookkeeping.ts'
import { createDatabaseCheckpoints } from './checkpoint-store.ts'
import type { DatabaseRoles } from './database-pair.ts'
import { guessRows } from './guess-rows.ts'
import { createSourceEnd, createTargetEnd, type SourceStatus } from './link.ts'
import { createLoop } from './loop.ts'
import type { TableRoute } from './mapping.ts'
import { createTransport, type QueueServer } from './transport.ts'

/** The log is looked at every half second, and sooner after an acknowledgement: somebody may wait for what he wrote. */
const LONGEST_SAMPLE_PAUSE_MS = 500
const SHORTEST_SAMPLE_PAUSE_MS = 100
/** The backfill waits while as many live changes are on their way. */
const BUSY_AT = 4_000

export interface RunningSyncOptions extends DatabaseRoles {
  readonly capability: string
  readonly order: SyncOrder
  readonly direction: Direction
  readonly routes: readonly TableRoute[]
  readonly queue: QueueServer
  readonly onHeartbeat: (heartbeat: SyncHeartbeat) => void
  /** Whether no change is known to have been missed: otherwise the target is no copy. */
  readonly isSound: () => boolean
  readonly report: ReportError
}

/** Both ends of a capability's sync in one epoch, and its backfill. */
export interface RunningSync extends Stoppable {
  pause(): Promise<void>
  resume(): Promise<void>
  status(): Promise<RunningStatus>
}

export interface RunningStatus {
  readonly source: SourceStatus
  readonly backfill: BackfillStatus | undefined
  /** How many rows there were to copy and to compare when it began, by the database's own guess; undefined when it could not be asked. */
  readonly expectedRows: number | undefined
  /** Jobs in the queue; undefined when its server does not answer. */
  readonly queue: { readonly apply: number; readonly backfill: number; readonly results: number } | undefined
  readonly warnings: readonly string[]
}

/** @throws the databases' errors; nothing runs then */
export async function startRunningSync(options: RunningSyncOptions): Promise<RunningSync> {
  const { transport, sourceEnd, targetEnd, backfill } = createParts(options, () => sampler.wake())
  let paused = false
  const sampler = createLoop({
    async work() {
      const status = await sourceEnd.status()
      const isWhole = options.order.whole === true || backfill?.status().state === 'done'
      options.onHeartbeat(
        describeHeartbeat({ ...options, status, isCopy: isWhole && !paused && options.isSound() }),
      )
      return false
    },
    shortestPauseMs: SHORTEST_SAMPLE_PAUSE_MS,
    longestPauseMs: LONGEST_SAMPLE_PAUSE_MS,
    onError: (error) => options.report('sync.lag', error),
  })
  const stop = async () => {
    await Promise.all([sampler.stop(), backfill?.stop(), sourceEnd.stop(), targetEnd.stop()])
    await transport.stop()
  }
  try {
    await beginEpoch(options)
    await Promise.all([sourceEnd.start(), targetEnd.start()])
  } catch (error) {
    await stop()
    throw error
  }
  const expectedRows = await guessRows(
    options.source,
    options.routes.map((route) => route.source.table),
  ).catch((error: unknown) => {
    options.report('sync.guess', error)
    return undefined
  })
  backfill?.start()
  sampler.start()
  return {
    stop,
    async pause() {
      paused = true
      sampler.wake()
      backfill?.pause()
      await Promise.all([sourceEnd.pause(), targetEnd.pause()])
    },
    async resume() {
      paused = false
      sampler.wake()
      backfill?.resume()
      await Promise.all([sourceEnd.resume(), targetEnd.resume()])
    },
    async status() {
      const [source, queue, warnings] = await Promise.all([
        sourceEnd.status(),
        transport.depth().catch(() => undefined),
        transport.findWarnings().catch(() => ['The queue does not answer: changes wait in the log.']),
      ])
      return { source, queue, warnings, expectedRows, backfill: backfill?.status() }
    },
  }
}

interface HeartbeatOptions extends Pick<RunningSyncOptions, 'capability' | 'order' | 'direction'> {
  readonly status: SourceStatus
  /** Every row is in the target, and changes are carried. */
  readonly isCopy: boolean
}

function describeHeartbeat({
  capability,
  order,
  direction,
  status,
  isCopy,
}: HeartbeatOptions): SyncHeartbeat {
  const { lagMs, appliedThrough, entries, waiting: refused, source, at } = status
  const position = isCopy ? { lagMs, appliedThrough } : {}
  return { capability, epoch: order.epoch, direction, entries, refused, source, at, ...position }
}

function createParts(options: RunningSyncOptions, onSettled: () => void) {
  const { capability, order, direction, source, target, routes, queue, report } = options
  const transport = createTransport({ capability, direction, server: queue, report })
  const basis = { capability, direction, epoch: order.epoch, routes, transport, report }
  const backfill =
    order.backfill === true
      ? createBackfill({
          ...basis,
          source,
          checkpoints: createDatabaseCheckpoints(source),
          throttle: async () => {
            const { inFlight } = await sourceEnd.status()
            return inFlight > BUSY_AT ? `${inFlight} live changes are on their way and go first` : undefined
          },
        })
      : undefined
  const sourceEnd = createSourceEnd({
    ...basis,
    source,
    onSettled(result) {
      backfill?.settle(result)
      onSettled()
    },
    onQueueLost: () => backfill?.resend(),
  })
  return { transport, sourceEnd, backfill, targetEnd: createTargetEnd({ ...basis, target }) }
}

/** Before the first job: one of an older epoch may still wait in the queue. */
async function beginEpoch({ capability, order, source, target }: RunningSyncOptions): Promise<void> {
  const state = { capability, epoch: order.epoch, incarnation: '' }
  await target.query(raiseEpoch(target.dialect.name, { ...state, role: 'target' }))
  await source.query(raiseEpoch(source.dialect.name, { ...state, role: 'source' }))
}
