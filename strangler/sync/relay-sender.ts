import type { ChangeBatch, ChangeEntry } from '../core/sync-words.ts'
import type { TableRoute } from './mapping.ts'
import { DOUBTFUL_JOB, packBatches } from './pack-batches.ts'
import { type ReadEntries, readCollisions, readPendingEntries } from './read-entries.ts'
import type { ReadPositions } from './read-positions.ts'
import type { RelayOptions } from './relay.ts'
import type { SentKeys, WaitReason } from './sent-keys.ts'
import { orderByReferences } from './table-order.ts'

const READ_AT_ONCE = 500

/** Reads changes and sends them, and remembers in `sent` what is on its way. */
export interface RelaySender {
  /** As many as there is room for; true when there are more. */
  sendPending(room: number): Promise<boolean>
  /** Rows that the target can only take together. */
  sendCollisions(): Promise<void>
}

type BatchHead = Omit<ChangeBatch, 'entries'>

interface ReadTable {
  readonly route: TableRoute
  readonly entries: ChangeEntry[]
  /** There may be more. */
  readonly isFull: boolean
}

/** What it shares with the relay. */
export interface SenderParts {
  readonly sent: SentKeys
  readonly positions: ReadPositions
  /** Keys of one overfull table that may be on their way: most of them will be refused, and the other tables' go first. */
  readonly mostOfOverfull: number
  /** A key is not applied, for now. */
  defer(table: string, key: string, reason: WaitReason): void
}

interface Context extends SenderParts {
  readonly options: RelayOptions
  readonly parentsFirst: readonly TableRoute[]
  /** The newest of each table: it has no key to be read by again. */
  readonly truncates: Map<string, ChangeEntry>
}

export function createRelaySender(options: RelayOptions, parts: SenderParts): RelaySender {
  const { sent } = parts
  const { transport, capability, installation, direction, epoch } = options
  const bySource = options.routes.map((route) => ({ table: route.source.table, route }))
  const parentsFirst = orderByReferences(bySource).map(({ route }) => route)
  const context = { ...parts, options, parentsFirst, truncates: new Map() }
  const head = { capability, installation, direction, epoch }
  return {
    async sendPending(room) {
      const read = await readTables(context, room)
      const isMore = read.some(({ isFull }) => isFull)
      const batches = packRead(context, head, read)
      if (batches.length === 0) return isMore
      // Marked first: an acknowledgement may come before the send returns.
      for (const part of read) mark(sent, part)
      try {
        await transport.sendBatches('apply', batches)
      } catch (error) {
        for (const part of read) unmark(sent, part)
        throw error
      }
      return isMore
    },
    async sendCollisions() {
      const entries = await readColliding(context, sent.takeCollisions(READ_AT_ONCE))
      // One job, whatever its size: apart they cannot be applied.
      if (entries.length > 0) await transport.sendBatches('apply', [{ ...head, entries }])
    },
  }
}

/**
 * A child is read before its parent, so that the parent it points to is either there or in the log by then; it is sent after it. Each table has
 * its share of the room, and what it leaves goes to the next: children that are refused must not take all of it from the parents they wait for.
 */
async function readTables(context: Context, most: number): Promise<ReadTable[]> {
  const childrenFirst = context.parentsFirst.toReversed()
  const read: ReadTable[] = []
  let room = most
  for (const [index, route] of childrenFirst.entries()) {
    const share = Math.ceil(room / (childrenFirst.length - index))
    const limit = Math.min(READ_AT_ONCE, share, roomOf(context, route.source.table.name))
    if (limit <= 0) continue
    const part = await readTable(context, route, limit)
    room -= part.entries.length
    read.unshift(part)
  }
  return read
}

function roomOf({ sent, positions, mostOfOverfull }: Context, table: string): number {
  if (!positions.isOverfull(table)) return READ_AT_ONCE
  // While it is refused a job at a time is enough; it goes faster as soon as that was mended.
  const most = positions.isResting(table) ? Math.min(DOUBTFUL_JOB.entries, mostOfOverfull) : mostOfOverfull
  return most - sent.inFlightOf(table)
}

/** What may well be refused goes in small jobs of its own, for each such row takes as long as a hundred others. */
function packRead({ sent, positions }: Context, head: BatchHead, read: readonly ReadTable[]): ChangeBatch[] {
  const [sound, doubtful]: [ChangeEntry[], ChangeEntry[]] = [[], []]
  for (const { route, entries } of read) {
    const { name } = route.source.table
    const isTableDoubtful = positions.isResting(name)
    for (const entry of entries)
      (isTableDoubtful || sent.isRefused(name, entry.key) ? doubtful : sound).push(entry)
  }
  return [...packBatches(head, sound), ...packBatches(head, doubtful, DOUBTFUL_JOB)]
}

async function readTable(context: Context, route: TableRoute, limit: number): Promise<ReadTable> {
  const { options, sent, positions } = context
  const { name } = route.source.table
  const [skip, after] = [sent.skip(name), positions.after(name)]
  // Before each table: what a child that was read points to is in the log when its parent is read.
  await options.gather?.()
  const pending = await readPendingEntries(options.source, route, { limit, skip, after })
  const isFull = pending.entries.length + pending.refused.length >= limit
  positions.advance(name, { through: pending.through, isFull })
  return { route, entries: takeEntries(context, route, pending), isFull }
}

async function readColliding(
  context: Context,
  collisions: ReadonlyMap<string, readonly string[]>,
): Promise<ChangeEntry[]> {
  const { options, sent, parentsFirst, truncates } = context
  const all: ChangeEntry[] = []
  for (const route of parentsFirst) {
    const { name } = route.source.table
    const keys = collisions.get(name) ?? []
    if (keys.length === 0) continue
    const rowKeys = keys.filter((key) => key !== '')
    const entries = takeEntries(context, route, await readCollisions(options.source, route, rowKeys))
    const truncate = truncates.get(name)
    if (truncate !== undefined && rowKeys.length < keys.length) entries.unshift(truncate)
    const pending = new Set(keysOf(entries))
    sent.unmark(
      name,
      keys.filter((key) => !pending.has(key)),
    )
    mark(sent, { route, entries })
    all.push(...entries)
  }
  return all
}

/** A row that the mapping cannot convert blocks itself only. */
function takeEntries({ options, defer, truncates }: Context, route: TableRoute, read: ReadEntries) {
  const { name } = route.source.table
  const truncate = read.entries.find((entry) => entry.truncate === true)
  if (truncate !== undefined) truncates.set(name, truncate)
  for (const { key, error } of read.refused) {
    options.report('sync.map', new Error(`${name} ${key} cannot be mapped`, { cause: error }))
    defer(name, key, 'other')
  }
  return read.entries
}

const keysOf = (entries: readonly ChangeEntry[]) => entries.map(({ key }) => key)

function mark(sent: SentKeys, { route, entries }: Pick<ReadTable, 'route' | 'entries'>): void {
  sent.markSent(route.source.table.name, keysOf(entries))
}

function unmark(sent: SentKeys, { route, entries }: ReadTable): void {
  sent.unmark(route.source.table.name, keysOf(entries))
}
