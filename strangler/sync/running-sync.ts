import type { SyncHeartbeat } from '../core/data-position.ts'
import { sayWithFix } from '../core/errors.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { BatchResult, Direction } from '../core/sync-words.ts'
import type { SyncOrder } from '../core/words.ts'
import type { TraceApply } from './apply/trace-apply.ts'
import { type BackfillStatus, createBackfill } from './backfill.ts'
import { beginEpoch } from './begin-epoch.ts'
import { createDatabaseCheckpoints } from './checkpoint-store.ts'
import type { DatabaseRoles } from './database-pair.ts'
import { guessRows } from './guess-rows.ts'
import { type LostDatabase, showLost } from './incarnation.ts'
import { createSourceEnd, createTargetEnd, type SourceStatus } from './link.ts'
import { createLoop, type Loop } from './loop.ts'
import type { TableRoute } from './mapping.ts'
import { createRecentKeys } from './recent-keys.ts'
import { createThrottle, type ThrottleSettings } from './throttle.ts'
import { createTransport, type QueueServer } from './transport.ts'
import { watchIncarnations } from './watch-incarnations.ts'

/** The log is looked at every half second, and sooner after an acknowledgement: somebody may wait for what he wrote. */
const LONGEST_SAMPLE_PAUSE_MS = 500
const SHORTEST_SAMPLE_PAUSE_MS = 100

/** The backfill waits while as many live changes are on their way. */
const BUSY_AT = 4_000

export interface RunningSyncOptions extends DatabaseRoles {
  readonly capability: string
  readonly installation: string
  readonly order: SyncOrder
  readonly direction: Direction
  readonly routes: readonly TableRoute[]
  readonly queue: QueueServer
  readonly onHeartbeat: (heartbeat: SyncHeartbeat) => void
  /** Whether no change is known to have been missed: otherwise the target is no copy. */
  readonly isSound: () => boolean
  /** Nothing is carried from then on; told again every two seconds, for the other epoch that must begin. */
  readonly onLost?: (lost: LostDatabase) => void
  readonly throttle?: ThrottleSettings
  readonly traceApply?: TraceApply
  readonly report: ReportError
}

/** Both ends of a capability's sync in one epoch, and its backfill. */
export interface RunningSync extends Stoppable {
  pause(): Promise<void>
  resume(): Promise<void>
  /** Something was written just now: do not wait for the next round. */
  wake(): void
  /** What was carried last, by the source's tables. */
  recentKeys(): Map<string, string[]>
  status(): Promise<RunningStatus>
}

export interface RunningStatus {
  readonly epoch: number
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
  const parts = createParts(options, (result) => {
    watch.carried(result)
    sampler.wake()
  })
  const { transport, sourceEnd, targetEnd, backfill } = parts
  const ends = [sourceEnd, targetEnd, ...(backfill === undefined ? [] : [backfill])]
  let isCarrying = true
  let foreign: unknown
  const stopEnds = () => Promise.all(ends.map((end) => end.stop()))
  const sampler = createSampler(options, parts, () => isCarrying)
  const onLost = async (lost: LostDatabase) => {
    isCarrying = false
    await stopEnds()
    options.onLost?.(lost)
  }
  // Another installation’s log is not this one’s to empty.
  const onForeign = async (error: unknown) => {
    if (foreign === undefined) options.report('sync.claim', error)
    foreign = error
    isCarrying = false
    await stopEnds()
  }
  const watch = watchIncarnations(options, { onLost, onForeign })
  const stop = async () => {
    await Promise.all([watch.stop(), sampler.stop(), stopEnds()])
    await transport.stop()
  }
  try {
    await begin(options)
    await backfill?.prepare()
    await Promise.all([sourceEnd.start(), targetEnd.start()])
  } catch (error) {
    await stop()
    throw error
  }
  const expectedRows = await guessExpected(options)
  backfill?.start()
  sampler.start()
  watch.start()
  return {
    stop,
    async pause() {
      isCarrying = false
      sampler.wake()
      await Promise.all(ends.map((end) => end.pause()))
    },
    async resume() {
      isCarrying = watch.hasLost() === undefined && foreign === undefined
      sampler.wake()
      await Promise.all(ends.map((end) => end.resume()))
    },
    wake: sourceEnd.wake,
    recentKeys: parts.recent.read,
    async status() {
      const { warnings, ...status } = await readStatus(parts)
      const said = foreign === undefined ? warnings : [sayWithFix(foreign), ...warnings]
      return { ...status, warnings: said, epoch: options.order.epoch, expectedRows }
    },
  }
}

async function begin(options: RunningSyncOptions): Promise<void> {
  const lost = await beginEpoch(options)
  if (lost === undefined) return
  options.onLost?.(lost)
  throw new Error(showLost(lost))
}

function guessExpected({ source, routes, report }: RunningSyncOptions): Promise<number | undefined> {
  const tables = routes.map((route) => route.source.table)
  return guessRows(source, tables).catch((error: unknown) => {
    report('sync.guess', error)
    return undefined
  })
}

type Parts = ReturnType<typeof createParts>

async function readStatus({
  sourceEnd,
  transport,
  backfill,
}: Parts): Promise<Omit<RunningStatus, 'epoch' | 'expectedRows'>> {
  const [source, queue, warnings] = await Promise.all([
    sourceEnd.status(),
    transport.depth().catch(() => undefined),
    transport.findWarnings().catch(() => ['The queue does not answer: changes wait in the log.']),
  ])
  return { source, queue, warnings, backfill: backfill?.status() }
}

/** Says at every look how far the copy is. */
function createSampler(
  options: RunningSyncOptions,
  { sourceEnd, backfill }: Parts,
  isCarrying: () => boolean,
): Loop {
  return createLoop({
    async work() {
      const status = await sourceEnd.status()
      const isWhole = options.order.whole === true || backfill?.status().state === 'done'
      const isCopy = isWhole && isCarrying() && options.isSound()
      options.onHeartbeat(describeHeartbeat({ ...options, status, isCopy }))
      return false
    },
    shortestPauseMs: SHORTEST_SAMPLE_PAUSE_MS,
    longestPauseMs: LONGEST_SAMPLE_PAUSE_MS,
    onError: (error) => options.report('sync.lag', error),
  })
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

function createParts(options: RunningSyncOptions, onSettled: (result: BatchResult) => void) {
  const { capability, installation, order, direction, source, target, routes, report, traceApply } = options
  const transport = createTransport({ capability, installation, direction, server: options.queue, report })
  const basis = { capability, installation, direction, epoch: order.epoch, routes, transport, report }
  const backfill =
    order.backfill === true
      ? createBackfill({
          ...basis,
          source,
          checkpoints: createDatabaseCheckpoints(source),
          throttle: createThrottle({
            maxInFlight: BUSY_AT,
            ...options.throttle,
            databases:
              direction === 'forward'
                ? { monolith: source, service: target }
                : { monolith: target, service: source },
            readSource: () => sourceEnd.status(),
            readQueuedJobs: async () => {
              const { apply, results } = await transport.depth()
              return apply + results
            },
          }),
        })
      : undefined
  const recent = createRecentKeys(routes)
  const sourceEnd = createSourceEnd({
    ...basis,
    source,
    onSettled(result) {
      recent.add(result)
      backfill?.settle(result)
      onSettled(result)
    },
    onQueueLost: () => backfill?.resend(),
  })
  return {
    transport,
    sourceEnd,
    backfill,
    recent,
    targetEnd: createTargetEnd({ ...basis, target, traceApply }),
  }
}
