import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { OwnerPosition } from '../core/owner-words.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import { type FailureTeller, reportOnce } from '../core/report-once.ts'
import type { Side } from '../core/words.ts'
import { decideWork, type WorkView } from './decide-work.ts'
import type { OwnerClient, WorkerName } from './owner-client.ts'
import { createWorkSwitch, type Work, type WorkSwitch } from './work-switch.ts'

/** Some come within each lease, so that one lost is no harm. */
const REPORTS_PER_LEASE = 4
const LONGEST_WAIT_MS = 10_000
const RETRY_MS = 500

export interface WorkerOptions extends WorkerName {
  readonly side: Side
  readonly client: OwnerClient
  readonly work: Work
  readonly leaseMs: number
  readonly report: ReportError
}

/** Background work that runs while its side owns the capability. */
export interface Worker extends Stoppable {
  isRunning(): boolean
}

/**
 * Tells the kit what is so, acts on its answer, waits for what is new, and begins again. Without an answer the work goes on as it was
 * for one lease, counted from when the last report that was answered was sent, and stops then: whoever evicts this worker waits as long.
 */
export function createWorker(options: WorkerOptions): Worker {
  const { capability, id, client, report } = options
  const stopping = new AbortController()
  const { signal } = stopping
  const work = createWorkSwitch(options.work)
  const tellFailure = reportOnce(report)
  const follower = createFollower({ ...options, work, signal, tellFailure })
  let stopped: Promise<void> | undefined
  async function stop(): Promise<void> {
    stopping.abort()
    await follower.stop()
    // The registration goes last: while anything runs a cut-over must wait for it.
    await client.remove({ capability, id }).catch((error: unknown) => {
      report(`take back the registration of ${id}`, error)
    })
  }
  return {
    isRunning: () => work.isOn,
    stop() {
      stopped ??= stop()
      return stopped
    },
  }
}

interface FollowerOptions extends Omit<WorkerOptions, 'work' | 'report'> {
  readonly work: WorkSwitch
  readonly signal: AbortSignal
  readonly tellFailure: FailureTeller
}

function createFollower(options: FollowerOptions): Stoppable {
  const { capability, id, client, work, leaseMs, signal, tellFailure } = options
  const inTurn = createTurns()
  let position: OwnerPosition | undefined
  let acknowledged: readonly string[] = []
  const lease = createLease(async () => {
    try {
      await inTurn(async () => {
        position = undefined
        await work.off()
      })
    } catch (error) {
      tellFailure.report(`stop the work of ${capability}`, error)
      if (!signal.aborted) lease.endIn(RETRY_MS)
    }
  })

  /** Tells what is so, and acts on the answer; true when there is more to tell. */
  async function tell(): Promise<boolean> {
    const sentAt = performance.now()
    const now = { host: hostname(), pid: process.pid, leaseMs, acknowledged }
    const answer = await client.report({ capability, id }, now)
    return inTurn(async () => {
      const leftMs = sentAt + leaseMs - performance.now()
      lease.endIn(leftMs)
      // An answer that was longer on its way than it is good for.
      position = leftMs > 0 ? answer : undefined
      const due = await settleWork({ side: options.side, work, position, acknowledged })
      acknowledged = due ?? acknowledged
      return due !== undefined
    })
  }
  async function follow(): Promise<void> {
    const waitMs = Math.min(LONGEST_WAIT_MS, Math.floor(leaseMs / REPORTS_PER_LEASE))
    while (!signal.aborted) {
      try {
        const hasMore = await tell()
        if (!hasMore && position !== undefined) await client.waitForChange(position, waitMs, signal)
        tellFailure.forget()
      } catch (error) {
        if (signal.aborted) return
        tellFailure.report(`follow the owner of ${capability}`, error)
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  const following = follow()
  return {
    async stop() {
      lease.clear()
      await following
      lease.clear()
      await inTurn(work.off)
    },
  }
}

interface Situation extends Pick<WorkView, 'side' | 'position' | 'acknowledged'> {
  readonly work: WorkSwitch
}

/** Acts on what is known until there is something to wait for, or to tell: the holds that are acknowledged from now on. */
async function settleWork({ work, position, ...rest }: Situation): Promise<readonly string[] | undefined> {
  for (;;) {
    const known = work.hasFailed ? undefined : position
    const step = decideWork({ ...rest, position: known, isRunning: work.isOn })
    if (step.kind === 'stop') await work.off()
    else if (step.kind === 'start') await work.on()
    else return step.kind === 'tell' ? step.acknowledged : undefined
  }
}

type InTurn = <T>(step: () => Promise<T>) => Promise<T>

/** One step after the other: the lease may end while an answer is acted on. */
function createTurns(): InTurn {
  let turns: Promise<unknown> = Promise.resolve()
  return (step) => {
    const turn = turns.then(step)
    turns = turn.catch(() => undefined)
    return turn
  }
}

/** The end of the time for which the last answer is good. */
function createLease(end: () => Promise<void>) {
  let timer: NodeJS.Timeout | undefined
  return {
    endIn(leftMs: number): void {
      clearTimeout(timer)
      timer = setTimeout(() => void end(), Math.max(0, leftMs))
    },
    clear: (): void => clearTimeout(timer),
  }
}
