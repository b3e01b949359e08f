import type { Clock, ReportError, Stoppable } from '../core/ports.ts'
import type { BatchResult, ChangeEntry, Direction } from '../core/sync-words.ts'
import type { SyncDatabase } from './database.ts'
import { createLoop } from './loop.ts'
import type { TableRoute } from './mapping.ts'
import { packBatches } from './pack-batches.ts'
import { type ReadEntries, readCollisions, readPendingEntries } from './read-entries.ts'
import { createSentKeys } from './sent-keys.ts'
import { orderByReferences } from './table-order.ts'
import type { Transport } from './transport.ts'

const SHORTEST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 500
const READ_AT_ONCE = 500
/** The log may grow, memory may not. */
const MAX_IN_FLIGHT = 8_000
const MAX_WAITING = 5_000
/** Jobs that wait in the queue. What nobody takes is sent again all the same, so without an end the queue would grow for as long. */
const MAX_QUEUED = 400
const LOOK_AT_QUEUE_EVERY_MS = 1_000

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
  const { transport, source, report } = options
  const now = options.now ?? performance.now.bind(performance)
  const sent = createSentKeys(now)
  // A child is read before its parent, so that the parent it points to is either there or in the log by then; it is sent after it.
  const bySource = options.routes.map((route) => ({ table: route.source.table, route }))
  const parentsFirst = orderByReferences(bySource).map(({ route }) => route)
  const head = { capability: options.capability, direction: options.direction, epoch: options.epoch }
  const truncates = new Map<string, ChangeEntry>()
  let throttled: string | undefined
  let queued = 0
  let lookedAt = Number.NEGATIVE_INFINITY

  async function sendRound(): Promise<boolean> {
    if ((await transport.checkGeneration()) === 'lost') {
      sent.forgetSent()
      queued = 0
      options.onQueueLost?.()
    }
    await lookAtQueue()
    if (queued < MAX_QUEUED) await sendCollisions()
    const read: { route: TableRoute; entries: ChangeEntry[] }[] = []
    let room = roomLeft()
    for (const route of parentsFirst.toReversed()) {
      const limit = Math.min(READ_AT_ONCE, room)
      if (limit <= 0) break
      const skip = sent.skip(route.source.table.name)
      const entries = takeEntries(route, await readPendingEntries(source, route, { limit, skip }))
      room -= entries.length
      read.unshift({ route, entries })
    }
    await send(read)
    // A full read means that there is more.
    return read.some(({ entries }) => entries.length >= READ_AT_ONCE)
  }

  /** A row that the mapping cannot convert blocks itself only. A TRUNCATE is kept: it has no key to be read by again. */
  function takeEntries(route: TableRoute, read: ReadEntries): ChangeEntry[] {
    const { name } = route.source.table
    const truncate = read.entries.find((entry) => entry.truncate === true)
    if (truncate !== undefined) truncates.set(name, truncate)
    for (const { key, error } of read.refused) {
      report('sync.map', new Error(`${name} ${key} cannot be mapped`, { cause: error }))
      sent.defer(name, key, 'other')
    }
    return read.entries
  }

  async function lookAtQueue(): Promise<void> {
    // Only what is sent again can heap up.
    if (sent.inFlight === 0 && queued < MAX_QUEUED) return
    if (now() - lookedAt < LOOK_AT_QUEUE_EVERY_MS) return
    lookedAt = now()
    queued = (await transport.depth()).apply
  }

  function roomLeft(): number {
    const room = MAX_IN_FLIGHT - sent.inFlight
    throttled =
      queued >= MAX_QUEUED
        ? `${queued} jobs wait in the queue; nobody takes them, or not fast enough`
        : sent.waiting >= MAX_WAITING
          ? `${sent.waiting} rows could not be applied; see the quarantine`
          : room <= 0
            ? `${sent.inFlight} changes are on their way; the target does not keep up`
            : undefined
    return throttled === undefined ? room : 0
  }

  async function send(read: readonly { route: TableRoute; entries: ChangeEntry[] }[]): Promise<void> {
    const entries = read.flatMap((part) => part.entries)
    if (entries.length === 0) return
    // Marked first: an acknowledgement may come before the send returns.
    for (const part of read) mark(part)
    try {
      await transport.sendBatches('apply', packBatches(head, entries))
    } catch (error) {
      for (const part of read)
        sent.unmark(
          part.route.source.table.name,
          part.entries.map(({ key }) => key),
        )
      throw error
    }
  }

  function mark({ route, entries }: { route: TableRoute; entries: readonly ChangeEntry[] }): void {
    sent.markSent(
      route.source.table.name,
      entries.map(({ key }) => key),
    )
  }

  /** One job, whatever its size: apart they cannot be applied. */
  async function sendCollisions(): Promise<void> {
    const collisions = sent.takeCollisions(READ_AT_ONCE)
    const entries: ChangeEntry[] = []
    for (const route of parentsFirst) {
      const { name } = route.source.table
      const keys = collisions.get(name) ?? []
      if (keys.length === 0) continue
      const rowKeys = keys.filter((key) => key !== '')
      const read = takeEntries(route, await readCollisions(source, route, rowKeys))
      const truncate = truncates.get(name)
      if (truncate !== undefined && rowKeys.length < keys.length) read.unshift(truncate)
      const pending = new Set(read.map(({ key }) => key))
      sent.unmark(
        name,
        keys.filter((key) => !pending.has(key)),
      )
      mark({ route, entries: read })
      entries.push(...read)
    }
    if (entries.length > 0) await transport.sendBatches('apply', [{ ...head, entries }])
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
