import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { OwnerPosition } from '../core/owner-words.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { Side } from '../core/words.ts'
import { decideWork } from './decide-work.ts'
import type { OwnerClient, WorkerName } from './owner-client.ts'

/** Some come within each lease, so that one lost is no harm. */
const REPORTS_PER_LEASE = 4
const LONGEST_WAIT_MS = 10_000
const RETRY_MS = 500

/** The work: `start` may be called again after `stop`. A failed `stop` counts as work that still runs. */
export interface Work {
  readonly start: () => unknown
  readonly stop: () => unknown
}

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
export function createWorker({ capability, id, side, client, work, leaseMs, report }: WorkerOptions): Worker {
  const stopping = new AbortController()
  const { signal } = stopping
  let position: OwnerPosition | undefined
  let acknowledged: readonly string[] = []
  let isRunning = false
  let hasFailed = false
  let leaseEnds: NodeJS.Timeout | undefined
  let lastFailure: string | undefined
  let turns: Promise<unknown> = Promise.resolve()

  // The lease may end while an answer is acted on.
  function inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = turns.then(step)
    turns = turn.catch(() => undefined)
    return turn
  }
  function tellFailure(operation: string, error: unknown): void {
    const said = `${operation} ${error instanceof Error ? error.message : String(error)}`
    // The same failure twice a second tells nothing new.
    if (said !== lastFailure) report(operation, error)
    lastFailure = said
  }
  async function stopWork(): Promise<void> {
    if (!isRunning) return
    await work.stop()
    isRunning = false
    hasFailed = false
  }
  async function startWork(): Promise<void> {
    // Before, not after: what fails halfway must be stopped like what runs.
    isRunning = true
    try {
      await work.start()
    } catch (error) {
      hasFailed = true
      await stopWork()
      throw error
    }
  }
  function renewLease(sentAt: number): void {
    clearTimeout(leaseEnds)
    const endLease = () =>
      inTurn(async () => {
        position = undefined
        await stopWork()
      }).catch((error: unknown) => {
        tellFailure(`stop the work of ${capability}`, error)
        if (!signal.aborted) leaseEnds = setTimeout(endLease, RETRY_MS)
      })
    leaseEnds = setTimeout(endLease, Math.max(0, sentAt + leaseMs - performance.now()))
  }
  /** Acts on what is known until there is something to tell, or to wait for. */
  async function settle(): Promise<void> {
    for (;;) {
      const known = hasFailed ? undefined : position
      const step = decideWork({ side, position: known, isRunning, acknowledged })
      if (step.kind === 'stop') await stopWork()
      else if (step.kind === 'start') await startWork()
      else {
        if (step.kind === 'tell') acknowledged = step.acknowledged
        return
      }
    }
  }
  /** Tells what is so, and acts on the answer. */
  async function tell(): Promise<void> {
    const sentAt = performance.now()
    const now = { host: hostname(), pid: process.pid, leaseMs, acknowledged }
    const answer = await client.report({ capability, id }, now)
    await inTurn(async () => {
      renewLease(sentAt)
      // An answer that was longer on its way than it is good for.
      position = performance.now() < sentAt + leaseMs ? answer : undefined
      await settle()
    })
  }
  async function follow(): Promise<void> {
    const waitMs = Math.min(LONGEST_WAIT_MS, Math.floor(leaseMs / REPORTS_PER_LEASE))
    while (!signal.aborted) {
      try {
        const told = acknowledged
        await tell()
        const isTold = told === acknowledged
        if (isTold && position !== undefined) await client.waitForChange(position, waitMs, signal)
        lastFailure = undefined
      } catch (error) {
        if (signal.aborted) return
        tellFailure(`follow the owner of ${capability}`, error)
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  const following = follow()
  let stopped: Promise<void> | undefined
  async function stop(): Promise<void> {
    stopping.abort()
    clearTimeout(leaseEnds)
    await following
    await inTurn(stopWork)
    // The registration goes last: while anything runs a cut-over must wait for it.
    await client.remove({ capability, id }).catch((error: unknown) => {
      report(`take back the registration of ${id}`, error)
    })
  }
  return {
    isRunning: () => isRunning,
    stop() {
      stopped ??= stop()
      return stopped
    },
  }
}
