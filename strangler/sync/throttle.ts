import { access } from 'node:fs/promises'
import type { Side } from '../core/words.ts'
import { describe } from './classify-error.ts'
import type { SyncDatabase } from './database.ts'
import type { SourceStatus } from './link.ts'

/** When a backfill waits. What is left out is not looked at. */
export interface ThrottleSettings {
  /** The oldest live change may be so old. */
  readonly maxLagMs?: number | undefined
  /** So many live changes may be on their way. */
  readonly maxInFlight?: number | undefined
  /** So many jobs of live changes and their results may wait in the queue. */
  readonly maxQueuedJobs?: number | undefined
  /** So many sessions besides the kit's may be at work in either database. */
  readonly maxActiveSessions?: number | undefined
  /** Queries of the operator's own, whose first value must not be above a number. */
  readonly queries?:
    | readonly { readonly side: Side; readonly query: string; readonly above: number }[]
    | undefined
  /** While this file is there. */
  readonly flagFile?: string | undefined
}

export interface ThrottleOptions extends ThrottleSettings {
  readonly databases: Readonly<Record<Side, SyncDatabase>>
  readonly readSource: () => Promise<Pick<SourceStatus, 'lagMs' | 'inFlight' | 'waiting'>>
  readonly readQueuedJobs: () => Promise<number>
}

/** Asked before every chunk, which may be many times a second. */
const GOOD_FOR_MS = 250

type Reason = string | undefined

/** Why the backfill should wait now, or undefined. What cannot be asked is a reason, too: it may be the load that makes it so. */
export function createThrottle(options: ThrottleOptions): () => Promise<Reason> {
  let askedAt = Number.NEGATIVE_INFINITY
  let last: Reason
  return async () => {
    if (performance.now() - askedAt < GOOD_FOR_MS) return last
    last = await findReason(options)
    askedAt = performance.now()
    return last
  }
}

/** The cheap questions first; the first reason is enough. */
async function findReason(options: ThrottleOptions): Promise<Reason> {
  const questions: [what: string, ask: (options: ThrottleOptions) => Promise<Reason>][] = [
    ['the flag', lookForFlag],
    ['the log', judgeSource],
    ['the queue', judgeQueue],
    ['the load', judgeLoad],
    ['a query of `sync.backfill.queries`', judgeQueries],
  ]
  for (const [what, ask] of questions) {
    const reason = await ask(options).catch((error: unknown) => `${what} cannot be asked: ${describe(error)}`)
    if (reason !== undefined) return reason
  }
  return undefined
}

async function lookForFlag({ flagFile }: ThrottleOptions): Promise<Reason> {
  if (flagFile === undefined) return undefined
  const isThere = await access(flagFile).then(
    () => true,
    () => false,
  )
  return isThere ? `the file ${flagFile} is there` : undefined
}

async function judgeSource({ maxLagMs, maxInFlight, readSource }: ThrottleOptions): Promise<Reason> {
  if (maxLagMs === undefined && maxInFlight === undefined) return undefined
  const { lagMs, inFlight, waiting } = await readSource()
  if (maxInFlight !== undefined && inFlight > maxInFlight)
    return `${inFlight} live changes are on their way and go first (at most ${maxInFlight})`
  // A change that was refused may be waiting for just the row that the backfill would bring next, and its age says nothing of the load.
  if (maxLagMs === undefined || lagMs <= maxLagMs || waiting > 0) return undefined
  return `the oldest live change is ${(lagMs / 1_000).toFixed(1)} s old (at most ${maxLagMs / 1_000} s)`
}

async function judgeQueue({ maxQueuedJobs, readQueuedJobs }: ThrottleOptions): Promise<Reason> {
  if (maxQueuedJobs === undefined) return undefined
  const jobs = await readQueuedJobs()
  return jobs > maxQueuedJobs ? `${jobs} jobs wait in the queue (at most ${maxQueuedJobs})` : undefined
}

const SIDES = ['monolith', 'service'] as const

async function judgeLoad({ maxActiveSessions, databases }: ThrottleOptions): Promise<Reason> {
  if (maxActiveSessions === undefined) return undefined
  for (const side of SIDES) {
    const [row] = await databases[side].query(databases[side].dialect.survey.readLoad)
    const active = Number(row?.['active'])
    if (active > maxActiveSessions)
      return `${active} sessions are at work in the database of the ${side} (at most ${maxActiveSessions})`
  }
  return undefined
}

async function judgeQueries({ queries = [], databases }: ThrottleOptions): Promise<Reason> {
  for (const { side, query, above } of queries) {
    const [row] = await databases[side].query({ sql: query, params: [] })
    const [value] = Object.values(row ?? {})
    const found = Number(value)
    if (value == null || Number.isNaN(found))
      return `the query "${query}" gives ${value ?? 'nothing'}, which is no number, in the database of the ${side}`
    if (found > above)
      return `the query "${query}" gives ${found} in the database of the ${side} (at most ${above})`
  }
  return undefined
}
