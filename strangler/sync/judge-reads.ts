import type { EvidenceContents } from '../core/evidence-store.ts'

export type KeptReads = EvidenceContents['reads']
/** By table: how often it was read by anybody, and by the kit. */
export type ReadCounters = KeptReads['counters']

export interface ReadsLook {
  /** Epoch ms. */
  readonly at: number
  /** Of the sync that carries back. */
  readonly epoch: number
  readonly counters: ReadCounters
  /** Since when the server counts, in its own words. */
  readonly since: string
  /** How often the kit has lost count of itself. */
  readonly lost: number
  /** How late the server's counters may be. */
  readonly lateMs: number
}

/**
 * What is known after one more look. A read is somebody else's when two looks in a row have it: the two numbers of one look are not of the very same
 * moment. Time counts as quiet only where the counters before it and after it can be told from each other: where the server began to count anew nobody knows
 * what was read before that, and the quiet begins anew, too.
 */
export function judgeReads(before: KeptReads | undefined, look: ReadsLook): KeptReads {
  const { at, epoch, counters, since, lost, lateMs } = look
  const fresh = { epoch, at, counters, since, newest: counters, lost }
  if (before === undefined || before.epoch !== epoch || before.blind !== undefined)
    return { ...fresh, quietMs: 0, settledAt: at, suspected: {} }
  const kept = { quietMs: before.quietMs, ...(before.found === undefined ? {} : { found: before.found }) }
  if (before.since !== since || isReset(before.newest, counters))
    return { ...fresh, ...kept, quietMs: 0, settledAt: at + lateMs, suspected: {} }
  if (before.lost !== lost) return { ...fresh, ...kept, settledAt: at + lateMs, suspected: {} }
  if (at < before.settledAt) return { ...fresh, ...kept, settledAt: before.settledAt, suspected: {} }
  const grown = growth(before.counters, counters)
  const sure = Object.entries(grown).flatMap(([table, count]): [string, number][] => {
    const certain = Math.min(count, before.suspected[table] ?? 0)
    return certain > 0 ? [[table, certain]] : []
  })
  const settled = { epoch, at, lost, since, newest: counters, settledAt: before.settledAt }
  const base = sure.reduce((all, [table, count]) => forgive(all, table, count), before.counters)
  if (sure.length === 0)
    return { ...settled, ...kept, counters: base, suspected: grown, quietMs: before.quietMs + at - before.at }
  return {
    ...{ ...settled, counters: base, quietMs: 0, suspected: growth(base, counters) },
    found: {
      count: (before.found?.count ?? 0) + sure.reduce((sum, [, count]) => sum + count, 0),
      firstAt: before.found?.firstAt ?? at,
      lastAt: at,
      tables: [...new Set([...(before.found?.tables ?? []), ...sure.map(([table]) => table)])].sort(),
      by: before.found?.by ?? [],
    },
  }
}

const EMPTY = [0, 0] as const

/** Reads of others since then. Fewer than none: the kit's own are not in both numbers yet. */
function growth(base: ReadCounters, now: ReadCounters): Record<string, number> {
  return Object.fromEntries(
    Object.entries(now).flatMap(([table, [reads, own]]) => {
      const [reads0, own0] = base[table] ?? EMPTY
      const count = reads - own - (reads0 - own0)
      return count > 0 ? [[table, count]] : []
    }),
  )
}

function isReset(base: ReadCounters, now: ReadCounters): boolean {
  return Object.entries(base).some(([table, [reads, own]]) => {
    const [reads1, own1] = now[table] ?? EMPTY
    return reads1 < reads || own1 < own
  })
}

/** What is found is found once. */
function forgive(base: ReadCounters, table: string, count: number): ReadCounters {
  const [reads, own] = base[table] ?? EMPTY
  return { ...base, [table]: [reads + count, own] }
}
