import type { QueryRunner } from 'typeorm'
import type { DryRunOutcome } from '../../core/dry-run-words.ts'
import type { ReportError } from '../../core/ports.ts'
import { createBorrowedRunner } from './borrowed-runner.ts'
import type { DryRunDialect } from './dry-run-dialect.ts'

/** The one connection of a dry run, and its transaction that is always rolled back. */
export interface DryRunSession {
  readonly dialect: DryRunDialect
  /** A runner like any other, on this connection. */
  borrow(mode?: 'master' | 'slave'): QueryRunner
  outcome(): DryRunOutcome
  /** Remembers the first thing that went wrong. */
  note(outcome: DryRunOutcome): void
  /** Rolls back and gives the connection back; a second call waits for the first. Nothing can be asked of it afterwards. */
  end(outcome?: DryRunOutcome): Promise<void>
}

export interface SessionOptions {
  readonly dialect: DryRunDialect
  /** Sets the counters of ids ahead of the rows. */
  readonly counters?: string | undefined
  /** Makes real runners: the data source's own way. */
  readonly createRunner: (mode?: 'master' | 'slave') => QueryRunner
  readonly lockTimeoutMs: number
  readonly timeoutMs: number
  readonly report: ReportError
}

/** Statements that belong together, without another's in between. */
export type InSequence = <T>(work: () => Promise<T>) => Promise<T>

/** @throws the database's error; the connection is given back then */
export async function openDryRunSession(options: SessionOptions): Promise<DryRunSession> {
  const { dialect, createRunner, report } = options
  const real = createRunner('master')
  const connection: unknown = await real.connect()
  let outcome: DryRunOutcome = 'rolled-back'
  let ended: Promise<void> | undefined
  const steps = createSequence()
  const transactions = createSequence()

  async function giveBack(failure?: unknown): Promise<void> {
    if (failure !== undefined || dialect.restore === undefined) await discard(real, connection)
    else await real.release()
  }
  async function finish(): Promise<void> {
    try {
      await steps(async () => {
        await real.query('ROLLBACK')
        for (const sql of dialect.restore ?? []) await real.query(sql)
      })
      await giveBack()
    } catch (error) {
      report('end a dry run', error)
      await giveBack(error)
    }
  }

  try {
    if (options.counters !== undefined)
      await real.query(options.counters).catch((error: unknown) => report('set ids ahead', error))
    for (const sql of dialect.begin(options)) await real.query(sql)
  } catch (error) {
    await giveBack(error)
    throw error
  }
  const session: DryRunSession = {
    dialect,
    borrow: (mode) =>
      createBorrowedRunner(createRunner(mode), {
        session,
        connection,
        inSequence: steps,
        // One connection has room for one transaction at a time.
        alone: transactions,
        isOver: () => ended !== undefined,
      }),
    outcome: () => outcome,
    note(next) {
      if (outcome === 'rolled-back') outcome = next
    },
    end(next) {
      if (next !== undefined) session.note(next)
      ended ??= finish()
      return ended
    },
  }
  return session
}

function createSequence(): InSequence {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
}

/** Takes a connection out of its pool, whatever state it is in. */
async function discard(real: QueryRunner, connection: unknown): Promise<void> {
  const asPostgres = real as QueryRunner & { releasePostgresConnection?: (error: Error) => Promise<void> }
  if (asPostgres.releasePostgresConnection !== undefined) {
    await asPostgres.releasePostgresConnection(new Error('It was used for a dry run that did not end well.'))
    return
  }
  ;(connection as { destroy(): void }).destroy()
  const asReleased = real as { isReleased: boolean }
  asReleased.isReleased = true
}
