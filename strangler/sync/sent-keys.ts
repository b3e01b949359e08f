import type { Clock } from '../core/ports.ts'
import { type Collision, chooseCollisions } from './choose-collisions.ts'

/** Nothing is sent again sooner than this, however fast the target applies. */
const RESEND_AT_LEAST_MS = 2_000
/** Nor later: after a bad time the samples of it stay until others come, and a single lost message would wait as long as they took. */
const RESEND_AT_MOST_MS = 10_000
/** Nor before this while jobs stand in the queue: sent twice it would take the time of the target twice, and come back later still. */
const RESEND_BUSY_MS = 60_000
const SAMPLES = 200
/** Sorting the samples for every row would cost more than the row. */
const SORT_EVERY = 20
const FIRST_WAIT_MS = 100
/** What waits for another row may go as soon as that has come; what is wrong by itself stays wrong until someone mends it. */
const LONGEST_WAIT_MS = { unique: 4_000, reference: 4_000, other: 30_000 } as const

export interface SentKeysOptions {
  readonly now: Clock
  /** Refused keys that are remembered of each table: a bad one does not take the room of the others. */
  readonly mostWaiting: number
}

/** Why a key was not applied: it waits for another row's change, or something is wrong with it. */
export type WaitReason = 'unique' | 'reference' | 'other'

interface SentTable {
  readonly keys: Map<string, SentKey>
  inFlight: number
  waiting: number
}

interface SentKey {
  /** When it was sent; undefined while it waits. */
  sentAt: number | undefined
  /** It may be sent from now on. */
  dueAt: number
  attempts: number
  reason: WaitReason | undefined
}

/**
 * What was sent and has not come back, by table and key. Process-local and disposable: losing it costs a second sending, which the target
 * recognises.
 */
export interface SentKeys {
  /** Keys of a table that must not be sent now: on their way, or waiting. */
  skip(table: string): string[]
  markSent(table: string, keys: readonly string[]): void
  /** The send failed: they are as if never sent. */
  unmark(table: string, keys: readonly string[]): void
  /** It has come back, applied; false of one that was not on its way, as a row of the backfill. */
  acknowledge(table: string, key: string): boolean
  /**
   * The target could not apply it; it is tried again later, and later still each time. False when too many of its table wait already: then it is
   * as if never sent.
   */
  defer(table: string, key: string, reason: WaitReason): boolean
  /** What has not come back in time is as good as never sent; `isBusy` while it may still stand in the queue. */
  expire(isBusy: boolean): void
  /** The target has refused it before. */
  isRefused(table: string, key: string): boolean
  /**
   * Keys by table whose unique values collide, when at least one of them is due, and those that wait for a reference: they must travel
   * together, because one may be in the way of the other.
   */
  takeCollisions(limit: number): Map<string, string[]>
  /** All of it, after the queue was lost. What waits goes on waiting. */
  forgetSent(): void
  inFlightOf(table: string): number
  readonly inFlight: number
  readonly waiting: number
  /** 99 of 100 acknowledgements came faster. */
  readonly p99Ms: number
}

export function createSentKeys({ now, mostWaiting }: SentKeysOptions): SentKeys {
  const tables = new Map<string, SentTable>()
  const latency = createLatency()
  let turn = 0

  const tableOf = (name: string): SentTable => {
    const known = tables.get(name) ?? { keys: new Map(), inFlight: 0, waiting: 0 }
    tables.set(name, known)
    return known
  }
  const resendAfterMs = () => Math.min(RESEND_AT_MOST_MS, Math.max(RESEND_AT_LEAST_MS, 3 * latency.p99Ms))
  const sum = (count: 'inFlight' | 'waiting') =>
    [...tables.values()].reduce((all, table) => all + table[count], 0)

  return {
    skip(name) {
      const at = now()
      return [...tableOf(name).keys]
        .filter(([, { sentAt, dueAt, reason }]) => sentAt !== undefined || dueAt > at || reason === 'unique')
        .map(([key]) => key)
    },
    expire(isBusy) {
      const at = now()
      for (const table of tables.values()) expireKeys(table, at, isBusy)
    },
    markSent(name, keys) {
      const at = now()
      const table = tableOf(name)
      for (const key of keys) {
        const { attempts, reason } = table.keys.get(key) ?? { attempts: 0, reason: undefined }
        put(table, key, { sentAt: at, dueAt: at + resendAfterMs(), attempts, reason })
      }
    },
    unmark(name, keys) {
      for (const key of keys) remove(tableOf(name), key)
    },
    acknowledge(name, key) {
      const table = tableOf(name)
      const entry = table.keys.get(key)
      if (entry?.sentAt !== undefined) latency.add(now() - entry.sentAt)
      remove(table, key)
      return entry?.sentAt !== undefined
    },
    defer(name, key, reason) {
      const table = tableOf(name)
      const before = table.keys.get(key)
      if (before?.reason === undefined && table.waiting >= mostWaiting) {
        remove(table, key)
        return false
      }
      const attempts = (before?.attempts ?? 0) + 1
      const waitMs = Math.min(LONGEST_WAIT_MS[reason], FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 20))
      put(table, key, { sentAt: undefined, dueAt: now() + waitMs, attempts, reason })
      return true
    },
    takeCollisions(limit) {
      const all = [...tables].flatMap(([name, { keys }]) => collisionsOf(name, keys))
      if (!mayTravel(all, now())) return new Map()
      turn += 1
      return keysByTable(chooseCollisions(all, { limit, turn }))
    },
    forgetSent() {
      for (const table of tables.values()) {
        for (const [key, entry] of table.keys) if (entry.sentAt !== undefined) remove(table, key)
      }
    },
    isRefused: (name, key) => tableOf(name).keys.get(key)?.reason !== undefined,
    inFlightOf: (name) => tableOf(name).inFlight,
    get inFlight() {
      return sum('inFlight')
    },
    get waiting() {
      return sum('waiting')
    },
    get p99Ms() {
      return latency.p99Ms
    },
  }
}

function expireKeys(table: SentTable, at: number, isBusy: boolean): void {
  for (const [key, entry] of table.keys) {
    if (entry.sentAt === undefined || entry.dueAt > at) continue
    if (isBusy && at - entry.sentAt < RESEND_BUSY_MS) continue
    // One of no history is forgotten, so that the map stays as small as what is on its way.
    if (entry.reason === undefined) remove(table, key)
    else put(table, key, { ...entry, sentAt: undefined })
  }
}

function put(table: SentTable, key: string, entry: SentKey): void {
  countOut(table, table.keys.get(key))
  if (entry.sentAt !== undefined) table.inFlight += 1
  if (entry.reason !== undefined) table.waiting += 1
  table.keys.set(key, entry)
}

function remove(table: SentTable, key: string): void {
  countOut(table, table.keys.get(key))
  table.keys.delete(key)
}

function countOut(table: SentTable, entry: SentKey | undefined): void {
  if (entry?.sentAt !== undefined) table.inFlight -= 1
  if (entry?.reason !== undefined) table.waiting -= 1
}

function collisionsOf(table: string, keys: ReadonlyMap<string, SentKey>): Collision[] {
  return [...keys].flatMap(([key, { reason, dueAt, sentAt }]) =>
    reason === 'unique' || reason === 'reference'
      ? [{ table, key, reason, dueAt, isSent: sentAt !== undefined }]
      : [],
  )
}

/** One job of them at a time: they are refused slowly. */
function mayTravel(collisions: readonly Collision[], at: number): boolean {
  const unique = collisions.filter(({ reason }) => reason === 'unique')
  return !unique.some(({ isSent }) => isSent) && unique.some(({ dueAt }) => dueAt <= at)
}

function keysByTable(collisions: readonly Collision[]): Map<string, string[]> {
  const keys = new Map<string, string[]>()
  for (const { table, key } of collisions) keys.set(table, [...(keys.get(table) ?? []), key])
  return keys
}

/** How long the last acknowledgements took. */
function createLatency() {
  const samples: number[] = []
  let p99Ms = 0
  let unsorted = 0
  return {
    add(tookMs: number): void {
      samples.push(tookMs)
      if (samples.length > SAMPLES) samples.shift()
      unsorted += 1
      if (unsorted < SORT_EVERY) return
      unsorted = 0
      p99Ms = samples.toSorted((a, b) => a - b)[Math.floor(samples.length * 0.99)] ?? 0
    },
    get p99Ms() {
      return p99Ms
    },
  }
}
