import type { Clock, ReportError, Stoppable } from '../core/ports.ts'
import type { BatchResult, Direction } from '../core/sync-words.ts'
import { createChangeRate } from './change-rate.ts'
import type { SyncDatabase } from './database.ts'
import { createLoop } from './loop.ts'
import type { TableRoute } from './mapping.ts'
import { createQueueGauge, type QueueGauge } from './queue-gauge.ts'
import { createReadPositions, type ReadPositions } from './read-positions.ts'
import { createRelaySender } from './relay-sender.ts'
import { createSentKeys, type SentKeys, type WaitReason } from './sent-keys.ts'
import type { Transport } from './transport.ts'

const SHORTEST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 500
/** The log may grow, memory may not. */
const BOUNDS: RelayBounds = { inFlight: 8_000, waiting: 5_000 }
/** Of one table, however many tables there are. */
const LEAST_WAITING = 100

/** Keys that are remembered at most. */
export interface RelayBounds {
  readonly inFlight: number
  readonly waiting: number
}

export interface RelayOptions {
  readonly capability: string
  readonly installation: string
  readonly direction: Direction
  readonly epoch: number
  readonly source: SyncDatabase
  readonly routes: readonly TableRoute[]
  readonly transport: Transport
  readonly report: ReportError
  /** The queue has lost everything. */
  readonly onQueueLost?: () => void
  /** Runs before a table is read: entries are where the relay reads them. */
  readonly gather?: () => Promise<void>
  readonly now?: Clock
  readonly bounds?: RelayBounds
}

export interface RelayStatus {
  /** Keys that were sent and have not come back. */
  readonly inFlight: number
  /** Keys that the target could not apply and that are remembered; each is tried again later. */
  readonly waiting: number
  /** Why it sends less than it could, or undefined. */
  readonly throttled: string | undefined
  /** 99 of 100 changes were applied and acknowledged faster. */
  readonly p99Ms: number
  /** Changes that the target has taken, over the last ten seconds; rows of a backfill are none. */
  readonly appliedPerSecond: number
}

/** Sends what is in the log, newest version and row of each key, until it is acknowledged. Nothing it remembers is needed again. */
export interface Relay extends Stoppable {
  start(): void
  /** There is something to send now. */
  wake(): void
  pause(): void
  resume(): void
  /** An acknowledgement came: its keys are no longer on their way. `table` is the target's name. */
  settle(result: BatchResult): void
  status(): RelayStatus
}

export function createRelay(options: RelayOptions): Relay {
  const { transport, report } = options
  const now = options.now ?? performance.now.bind(performance)
  const bounds = options.bounds ?? BOUNDS
  const tables = Math.max(1, options.routes.length)
  const mostWaiting = Math.max(Math.min(LEAST_WAITING, bounds.waiting), Math.floor(bounds.waiting / tables))
  const sent = createSentKeys({ now, mostWaiting })
  const applied = createChangeRate(now)
  const positions = createReadPositions(now)
  const queue = createQueueGauge(transport, now)
  // All overfull tables together leave half of the room to the others.
  const mostOfOverfull = Math.max(1, Math.floor(bounds.inFlight / 2 / tables))
  const sender = createRelaySender(options, { sent, positions, mostOfOverfull, defer })
  let throttled: string | undefined

  async function sendRound(): Promise<boolean> {
    if ((await transport.checkGeneration()) === 'lost') {
      sent.forgetSent()
      queue.forget()
      options.onQueueLost?.()
    }
    // Only what is sent again can heap up.
    if (sent.inFlight > 0 || queue.isFull) await queue.look()
    sent.expire(queue.isBusy)
    if (!queue.isFull) await sender.sendCollisions()
    throttled = findThrottle(sent, queue, bounds)
    return throttled === undefined && sender.sendPending(bounds.inFlight - sent.inFlight)
  }

  function defer(table: string, key: string, reason: WaitReason): void {
    if (!sent.defer(table, key, reason)) positions.overflow(table)
  }

  function settle(result: BatchResult): void {
    const nameOf = (target: string) =>
      options.routes.find((route) => route.target.table.name === target)?.source.table.name ?? target
    // What was sent twice comes back twice.
    const fresh = result.done.filter(({ table, key }) => sent.acknowledge(nameOf(table), key))
    applied.add(fresh.length)
    for (const { table, key, reason } of result.quarantined) defer(nameOf(table), key, reason)
  }

  const loop = createLoop({
    work: sendRound,
    shortestPauseMs: SHORTEST_PAUSE_MS,
    longestPauseMs: LONGEST_PAUSE_MS,
    onError: (error) => report('sync.relay', error),
  })
  return {
    ...loop,
    settle(result) {
      settle(result)
      loop.wake()
    },
    status: () => ({
      ...{ inFlight: sent.inFlight, waiting: sent.waiting, p99Ms: sent.p99Ms },
      appliedPerSecond: applied.perSecond(),
      throttled: throttled ?? describeOverfull(positions),
    }),
  }
}

/** Why nothing may be sent now. Refused rows are no reason: what they wait for may be among what was not sent yet. */
function findThrottle(sent: SentKeys, queue: QueueGauge, bounds: RelayBounds): string | undefined {
  if (queue.isFull) return `${queue.jobs} jobs wait in the queue; nobody takes them, or not fast enough`
  if (sent.inFlight < bounds.inFlight) return undefined
  return `${sent.inFlight} changes are on their way; the target does not keep up`
}

function describeOverfull({ overfull }: ReadPositions): string | undefined {
  if (overfull.length === 0) return undefined
  return `more rows of ${overfull.join(', ')} could not be applied than are remembered; they are tried again in turns, slowly; see the quarantine`
}
