import type { Clock, ReportError, Stoppable } from '../core/ports.ts'
import type { BatchResult, Direction } from '../core/sync-words.ts'
import type { SyncDatabase } from './database.ts'
import { createLoop } from './loop.ts'
import type { TableRoute } from './mapping.ts'
import { createQueueGauge, type QueueGauge } from './queue-gauge.ts'
import { createRelaySender } from './relay-sender.ts'
import { createSentKeys, type SentKeys } from './sent-keys.ts'
import type { Transport } from './transport.ts'

const SHORTEST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 500
/** The log may grow, memory may not. */
const MAX_IN_FLIGHT = 8_000
const MAX_WAITING = 5_000

export interface RelayOptions {
  readonly capability: string
  readonly direction: Direction
  readonly epoch: number
  readonly source: SyncDatabase
  readonly routes: readonly TableRoute[]
  readonly transport: Transport
  readonly report: ReportError
  /** The queue has lost everything. */
  readonly onQueueLost?: () => void
  readonly now?: Clock
}

export interface RelayStatus {
  /** Keys that were sent and have not come back. */
  readonly inFlight: number
  /** Keys that the target could not apply; each is tried again later. */
  readonly waiting: number
  /** Why it sends less than it could, or undefined. */
  readonly throttled: string | undefined
  /** 99 of 100 changes were applied and acknowledged faster. */
  readonly p99Ms: number
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
  const sent = createSentKeys(now)
  const queue = createQueueGauge(transport, now)
  const sender = createRelaySender(options, sent)
  let throttled: string | undefined

  async function sendRound(): Promise<boolean> {
    if ((await transport.checkGeneration()) === 'lost') {
      sent.forgetSent()
      queue.forget()
      options.onQueueLost?.()
    }
    // Only what is sent again can heap up.
    if (sent.inFlight > 0 || queue.isFull) await queue.look()
    if (!queue.isFull) await sender.sendCollisions()
    throttled = findThrottle(sent, queue)
    return sender.sendPending(throttled === undefined ? MAX_IN_FLIGHT - sent.inFlight : 0)
  }

  function settle(result: BatchResult): void {
    const nameOf = (target: string) =>
      options.routes.find((route) => route.target.table.name === target)?.source.table.name ?? target
    for (const { table, key } of result.done) sent.acknowledge(nameOf(table), key)
    for (const { table, key, reason } of result.quarantined) sent.defer(nameOf(table), key, reason)
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
    status: () => ({ inFlight: sent.inFlight, waiting: sent.waiting, throttled, p99Ms: sent.p99Ms }),
  }
}

/** Why nothing may be sent now. */
function findThrottle({ inFlight, waiting }: SentKeys, queue: QueueGauge): string | undefined {
  if (queue.isFull) return `${queue.jobs} jobs wait in the queue; nobody takes them, or not fast enough`
  if (waiting >= MAX_WAITING) return `${waiting} rows could not be applied; see the quarantine`
  if (inFlight >= MAX_IN_FLIGHT) return `${inFlight} changes are on their way; the target does not keep up`
  return undefined
}
