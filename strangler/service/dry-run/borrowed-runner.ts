import { QueryResult, type QueryRunner } from 'typeorm'
import { createBorrowedTransaction, type RunStatement } from './borrowed-transaction.ts'
import { isPlainRead, readControl } from './control-statement.ts'
import type { DryRunSession, InSequence } from './dry-run-session.ts'

export interface Loan {
  readonly session: DryRunSession
  readonly connection: unknown
  readonly inSequence: InSequence
  /** Runs one transaction after the other. */
  readonly alone: InSequence
  readonly isOver: () => boolean
}

/** Raised for what cannot be run dry; the answer then says so. */
class DryRunRefused extends Error {
  override readonly name = 'DryRunRefused'
}

/**
 * Makes a fresh runner work on the connection of a dry run. Its transactions become savepoints: BEGIN, COMMIT and ROLLBACK are understood,
 * whether TypeORM or the handler says them.
 */
export function createBorrowedRunner(runner: QueryRunner, loan: Loan): QueryRunner {
  const { session, inSequence, alone, isOver } = loan
  const { dialect } = session
  const run = watchStatements(runner.query.bind(runner) as RunStatement, loan)
  const transaction = createBorrowedTransaction({ run, inSequence, alone, check: dialect.check, isOver })
  function refuse(what: string): never {
    session.note('refused')
    throw new DryRunRefused(`A dry run cannot do this: ${what}`)
  }
  async function control(kind: 'begin' | 'commit' | 'rollback' | 'isolation'): Promise<void> {
    if (kind !== 'isolation') await transaction[kind]()
  }

  async function query(sql: string, parameters?: unknown[], structured = false): Promise<unknown> {
    const kind = readControl(sql, dialect.name)
    if (kind === 'forbidden') refuse(sql.trim().slice(0, 100))
    if (kind === 'none' || kind === 'savepoint') {
      const statement = () => run(sql, parameters, structured)
      return transaction.isOpen ? inSequence(statement) : transaction.runAlone(statement, isPlainRead(sql))
    }
    await control(kind)
    return structured ? Object.assign(new QueryResult(), { raw: [], records: [], affected: 0 }) : []
  }

  return Object.assign(runner, {
    query,
    connect: () => Promise.resolve(loan.connection),
    stream: () => refuse('a stream of rows'),
    async release() {
      if (isOver()) transaction.leave()
      else await transaction.rollback()
      Object.assign(runner, { isReleased: true })
    },
  })
}

/** Notes of each statement that fails what it means for the dry run; one that is lost ends it. */
function watchStatements(send: RunStatement, { session, isOver }: Loan): RunStatement {
  return async (...statement) => {
    if (isOver()) throw new DryRunRefused('The dry run is over: what it left behind cannot use the database.')
    try {
      return await send(...statement)
    } catch (error) {
      const judged = session.dialect.judge(error)
      if (judged !== undefined) session.note(judged.outcome)
      if (judged?.lost) void session.end(judged.outcome)
      throw error
    }
  }
}
