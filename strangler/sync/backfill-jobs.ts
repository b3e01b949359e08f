import type { Clock } from '../core/ports.ts'
import type { BatchResult } from '../core/sync-words.ts'

const RESEND_AFTER_MS = 3_000
const LONGEST_RESEND_MS = 30_000

/** One job of a backfill that was sent. `table` is the source's name. */
export interface SentJob {
  readonly id: string
  readonly table: string
  readonly keys: readonly string[]
  /** How far the table is read with it; undefined for a second attempt at single rows. */
  readonly through: string | undefined
}

export interface RefusedRow {
  readonly table: string
  readonly key: string
  readonly error: string
}

interface Progress {
  readonly done: readonly SentJob[]
  readonly refused: readonly RefusedRow[]
}

/** What a backfill has sent and not yet got back, in the order of sending. */
export interface BackfillJobs {
  /** `unmapped` are rows that could not even be sent with it. */
  add(job: SentJob, unmapped: readonly RefusedRow[]): void
  settle(result: BatchResult): void
  /** Jobs that should have come back by now; they count as sent again. */
  takeOverdue(): SentJob[]
  /** The queue was lost: all of them are overdue. */
  expire(): void
  /** Jobs that came back without a gap before them, and the rows that were refused in them; undefined when there is none. */
  takeProgress(): Progress | undefined
  readonly size: number
}

interface OpenJob {
  readonly job: SentJob
  sentAt: number
  waitMs: number
  settled: boolean
  refused: readonly RefusedRow[]
}

export function createBackfillJobs(now: Clock): BackfillJobs {
  const jobs = new Map<string, OpenJob>()
  return {
    add(job, unmapped) {
      jobs.set(job.id, { job, sentAt: now(), waitMs: RESEND_AFTER_MS, settled: false, refused: unmapped })
    },
    settle(result) {
      const open = jobs.get(result.chunk ?? '')
      if (open === undefined || open.settled) return
      open.settled = true
      const { table } = open.job
      open.refused = [...open.refused, ...result.quarantined.map(({ key, error }) => ({ table, key, error }))]
    },
    takeOverdue() {
      const overdue = [...jobs.values()].filter((open) => !open.settled && now() - open.sentAt > open.waitMs)
      for (const open of overdue) {
        open.sentAt = now()
        open.waitMs = Math.min(LONGEST_RESEND_MS, Math.max(RESEND_AFTER_MS, open.waitMs * 1.5))
      }
      return overdue.map(({ job }) => job)
    },
    expire() {
      for (const open of jobs.values()) {
        open.sentAt = Number.NEGATIVE_INFINITY
        // A loss says nothing of how long an answer takes.
        open.waitMs = 0
      }
    },
    takeProgress() {
      const taken: OpenJob[] = []
      for (const [id, open] of jobs) {
        if (!open.settled) break
        taken.push(open)
        jobs.delete(id)
      }
      if (taken.length === 0) return undefined
      return { done: taken.map(({ job }) => job), refused: taken.flatMap(({ refused }) => refused) }
    },
    get size() {
      return jobs.size
    },
  }
}
