import type { Clock } from '../core/ports.ts'

/** Nothing is sent again sooner than this, however fast the target applies. */
const RESEND_AT_LEAST_MS = 2_000
/** Nor later: after a bad time the samples of it stay until others come, and a single lost message would wait as long as they took. */
const RESEND_AT_MOST_MS = 10_000
const SAMPLES = 200
/** Sorting the samples for every row would cost more than the row. */
const SORT_EVERY = 20
const FIRST_WAIT_MS = 100
/** What waits for another row may go as soon as that has come; what is wrong by itself stays wrong until someone mends it. */
const LONGEST_WAIT_MS = { unique: 4_000, reference: 4_000, other: 30_000 } as const

/** Why a key was not applied: it waits for another row's change, or something is wrong with it. */
export type WaitReason = 'unique' | 'reference' | 'other'

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
  acknowledge(table: string, key: string): void
  /** The target could not apply it; it is tried again later, and later still each time. */
  defer(table: string, key: string, reason: WaitReason): void
  /**
   * Keys by table whose unique values collide, when at least one of them is due, and those that wait for a reference: they must travel
   * together, because one may be in the way of the other.
   */
  takeCollisions(limit: number): Map<string, string[]>
  /** All of it, after the queue was lost. What waits goes on waiting. */
  forgetSent(): void
  readonly inFlight: number
  readonly waiting: number
  /** 99 of 100 acknowledgements came faster. */
  readonly p99Ms: number
}

export function createSentKeys(now: Clock): SentKeys {
  const tables = new Map<string, Map<string, SentKey>>()
  const samples: number[] = []
  let p99Ms = 0
  let unsorted = 0
  let inFlight = 0
  let waiting = 0

  const keysOf = (table: string) => {
    const known = tables.get(table) ?? new Map<string, SentKey>()
    tables.set(table, known)
    return known
  }
  const resendAfterMs = () => Math.min(RESEND_AT_MOST_MS, Math.max(RESEND_AT_LEAST_MS, 3 * p99Ms))
  const countOut = (entry: SentKey | undefined) => {
    if (entry?.sentAt !== undefined) inFlight -= 1
    if (entry?.reason !== undefined) waiting -= 1
  }
  const put = (table: string, key: string, entry: SentKey) => {
    countOut(keysOf(table).get(key))
    if (entry.sentAt !== undefined) inFlight += 1
    if (entry.reason !== undefined) waiting += 1
    keysOf(table).set(key, entry)
  }
  const remove = (table: string, key: string) => {
    countOut(keysOf(table).get(key))
    keysOf(table).delete(key)
  }
  const sample = (tookMs: number) => {
    samples.push(tookMs)
    if (samples.length > SAMPLES) samples.shift()
    unsorted += 1
    if (unsorted < SORT_EVERY) return
    unsorted = 0
    p99Ms = samples.toSorted((a, b) => a - b)[Math.floor(samples.length * 0.99)] ?? 0
  }

  return {
    skip(table) {
      const at = now()
      const skipped: string[] = []
      for (const [key, entry] of keysOf(table)) {
        if (entry.dueAt > at || entry.reason === 'unique') skipped.push(key)
        // An expired one of no history is forgotten here, so that the map stays as small as what is on its way.
        else if (entry.reason === undefined) remove(table, key)
      }
      return skipped
    },
    markSent(table, keys) {
      const at = now()
      for (const key of keys) {
        const before = keysOf(table).get(key)
        const { attempts, reason } = before ?? { attempts: 0, reason: undefined }
        put(table, key, { sentAt: at, dueAt: at + resendAfterMs(), attempts, reason })
      }
    },
    unmark(table, keys) {
      for (const key of keys) remove(table, key)
    },
    acknowledge(table, key) {
      const entry = keysOf(table).get(key)
      if (entry?.sentAt !== undefined) sample(now() - entry.sentAt)
      remove(table, key)
    },
    defer(table, key, reason) {
      const attempts = (keysOf(table).get(key)?.attempts ?? 0) + 1
      const waitMs = Math.min(LONGEST_WAIT_MS[reason], FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 20))
      put(table, key, { sentAt: undefined, dueAt: now() + waitMs, attempts, reason })
    },
    takeCollisions(limit) {
      const at = now()
      const all = [...tables].flatMap(([table, keys]) =>
        [...keys].map(([key, entry]) => ({ table, key, entry })),
      )
      const taken = new Map<string, string[]>()
      if (!all.some(({ entry }) => entry.reason === 'unique' && entry.dueAt <= at)) return taken
      const waiting = all.filter(({ entry }) => entry.reason === 'unique' || entry.reason === 'reference')
      // The colliding ones first, should there be more than fit.
      waiting.sort(
        (one, other) => Number(one.entry.reason !== 'unique') - Number(other.entry.reason !== 'unique'),
      )
      for (const { table, key } of waiting.slice(0, limit))
        taken.set(table, [...(taken.get(table) ?? []), key])
      return taken
    },
    forgetSent() {
      for (const [table, keys] of tables) {
        for (const [key, entry] of keys) if (entry.sentAt !== undefined) remove(table, key)
      }
    },
    get inFlight() {
      return inFlight
    },
    get waiting() {
      return waiting
    },
    get p99Ms() {
      return p99Ms
    },
  }
}
