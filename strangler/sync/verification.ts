import type { ReportError, Stoppable } from '../core/ports.ts'
import type { Direction } from '../core/sync-words.ts'
import type { SyncedTable } from './check-tables.ts'
import { createDatabaseCheckpoints } from './checkpoint-store.ts'
import type { DatabaseRoles } from './database-pair.ts'
import type { TableRoute } from './mapping.ts'
import { type RepairedKey, repair } from './repair.ts'
import { verify } from './verify.ts'
import type { VerifyProgress, VerifyReport } from './verify-report.ts'

/** What a repair may be asked for at once: each is looked at singly. */
const REPAIRED_AT_ONCE = 1_000
const MOST_FOUND = 100_000

export interface VerificationBasis extends DatabaseRoles {
  readonly routes: readonly TableRoute[]
  readonly epoch: number
  readonly direction: Direction
  /** As `verify` has it. */
  readonly patienceMs?: number
}

export type VerificationStatus =
  | { readonly state: 'running'; readonly progress: VerifyProgress | undefined }
  /** `epoch`: the one in which it began; what a later one has changed it does not know. */
  | { readonly state: 'done'; readonly report: VerifyReport; readonly epoch: number }
  | { readonly state: 'failed'; readonly error: string }

/** The newest comparison of all rows that this process has made, and the repair of what it has found. `stop` ends a run; `start` may follow. */
export interface Verification extends Stoppable {
  /** False when one runs already. A run that was stopped goes on where it was. */
  start(basis: VerificationBasis): boolean
  status(): VerificationStatus | undefined
  /** Repairs at most 1,000 of the rows found; `left` are still to be repaired. */
  repair(basis: VerificationBasis): Promise<{ outcomes: readonly RepairedKey[]; left: number }>
}

export function createVerification(options: {
  readonly capability: string
  readonly tables: readonly SyncedTable[]
  readonly report: ReportError
  /** A comparison of all rows is done. */
  readonly onVerified?: (report: VerifyReport, epoch: number) => void
}): Verification {
  let stopping = new AbortController()
  const found = new Map<string, { table: string; key: string }>()
  let status: VerificationStatus | undefined
  let running: Promise<void> = Promise.resolve()
  const copiesOf = (direction: Direction) =>
    options.tables
      .filter(({ map, constants }) => map === undefined && constants === undefined)
      .map(({ table, as }) => (direction === 'forward' ? table : (as ?? table)))

  async function run(basis: VerificationBasis, signal: AbortSignal): Promise<void> {
    found.clear()
    const report = await verify({
      ...basis,
      capability: options.capability,
      copies: copiesOf(basis.direction),
      checkpoints: createDatabaseCheckpoints(basis.source),
      signal,
      report: options.report,
      onProgress: (progress) => {
        status = { state: 'running', progress }
      },
      async onDiverged(divergences) {
        for (const { table, key } of divergences)
          if (found.size < MOST_FOUND) found.set(`${table} ${key}`, { table, key })
      },
    })
    status = { state: 'done', report, epoch: basis.epoch }
    options.onVerified?.(report, basis.epoch)
  }

  return {
    start(basis) {
      if (status?.state === 'running') return false
      status = { state: 'running', progress: undefined }
      stopping = new AbortController()
      const { signal } = stopping
      running = run(basis, signal).catch((error: unknown) => {
        status = { state: 'failed', error: error instanceof Error ? error.message : String(error) }
        if (!signal.aborted) options.report('sync.verify', error)
      })
      return true
    },
    status: () => status,
    async repair(basis) {
      const { capability } = options
      const now = [...found.values()].slice(0, REPAIRED_AT_ONCE)
      const outcomes = await repair({ ...basis, capability }, now)
      for (const { table, key, outcome } of outcomes)
        if (outcome !== 'refused') found.delete(`${table} ${key}`)
      return { outcomes, left: found.size }
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}
