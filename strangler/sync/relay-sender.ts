import type { ChangeEntry } from '../core/sync-words.ts'
import type { TableRoute } from './mapping.ts'
import { packBatches } from './pack-batches.ts'
import { type ReadEntries, readCollisions, readPendingEntries } from './read-entries.ts'
import type { RelayOptions } from './relay.ts'
import type { SentKeys } from './sent-keys.ts'
import { orderByReferences } from './table-order.ts'

const READ_AT_ONCE = 500

/** Reads changes and sends them, and remembers in `sent` what is on its way. */
export interface RelaySender {
  /** As many as there is room for; true when there are more. */
  sendPending(room: number): Promise<boolean>
  /** Rows that the target can only take together. */
  sendCollisions(): Promise<void>
}

interface ReadTable {
  readonly route: TableRoute
  readonly entries: ChangeEntry[]
}

interface Context {
  readonly options: RelayOptions
  readonly sent: SentKeys
  readonly parentsFirst: readonly TableRoute[]
  /** The newest of each table: it has no key to be read by again. */
  readonly truncates: Map<string, ChangeEntry>
}

export function createRelaySender(options: RelayOptions, sent: SentKeys): RelaySender {
  const { transport, capability, direction, epoch } = options
  const bySource = options.routes.map((route) => ({ table: route.source.table, route }))
  const parentsFirst = orderByReferences(bySource).map(({ route }) => route)
  const context = { options, sent, parentsFirst, truncates: new Map() }
  const head = { capability, direction, epoch }
  return {
    async sendPending(room) {
      const read = await readTables(context, room)
      const entries = read.flatMap((part) => part.entries)
      if (entries.length === 0) return false
      // Marked first: an acknowledgement may come before the send returns.
      for (const part of read) mark(sent, part)
      try {
        await transport.sendBatches('apply', packBatches(head, entries))
      } catch (error) {
        for (const part of read) unmark(sent, part)
        throw error
      }
      // A full read means that there is more.
      return read.some((part) => part.entries.length >= READ_AT_ONCE)
    },
    async sendCollisions() {
      const entries = await readColliding(context, sent.takeCollisions(READ_AT_ONCE))
      // One job, whatever its size: apart they cannot be applied.
      if (entries.length > 0) await transport.sendBatches('apply', [{ ...head, entries }])
    },
  }
}

/** A child is read before its parent, so that the parent it points to is either there or in the log by then; it is sent after it. */
async function readTables(context: Context, most: number): Promise<ReadTable[]> {
  const { options, sent, parentsFirst } = context
  const read: ReadTable[] = []
  let room = most
  for (const route of parentsFirst.toReversed()) {
    const limit = Math.min(READ_AT_ONCE, room)
    if (limit <= 0) break
    const skip = sent.skip(route.source.table.name)
    const pending = await readPendingEntries(options.source, route, { limit, skip })
    const entries = takeEntries(context, route, pending)
    room -= entries.length
    read.unshift({ route, entries })
  }
  return read
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
function takeEntries({ options, sent, truncates }: Context, route: TableRoute, read: ReadEntries) {
  const { name } = route.source.table
  const truncate = read.entries.find((entry) => entry.truncate === true)
  if (truncate !== undefined) truncates.set(name, truncate)
  for (const { key, error } of read.refused) {
    options.report('sync.map', new Error(`${name} ${key} cannot be mapped`, { cause: error }))
    sent.defer(name, key, 'other')
  }
  return read.entries
}

const keysOf = (entries: readonly ChangeEntry[]) => entries.map(({ key }) => key)

function mark(sent: SentKeys, { route, entries }: ReadTable): void {
  sent.markSent(route.source.table.name, keysOf(entries))
}

function unmark(sent: SentKeys, { route, entries }: ReadTable): void {
  sent.unmark(route.source.table.name, keysOf(entries))
}
