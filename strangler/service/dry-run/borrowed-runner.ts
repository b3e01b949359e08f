import { QueryResult, type QueryRunner } from 'typeorm'
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

let savepoints = 0

/**
 * Makes a fresh runner work on the connection of a dry run. Its transactions become savepoints: BEGIN, COMMIT and ROLLBACK are understood,
 * whether TypeORM or the handler says them, and a COMMIT checks what a real one would check. A statement outside of a transaction is one of
 * its own, as it would be in reality.
 */
export function createBorrowedRunner(runner: QueryRunner, loan: Loan): QueryRunner {
  const { session, inSequence } = loan
  const { dialect } = session
  const send = runner.query.bind(runner) as (
    sql: string,
    parameters?: unknown[],
    structured?: boolean,
  ) => Promise<unknown>
  let own: { readonly name: string; readonly leave: () => void } | undefined

  async function run(sql: string, parameters?: unknown[], structured?: boolean): Promise<unknown> {
    if (loan.isOver())
      throw new DryRunRefused('The dry run is over: what it left behind cannot use the database.')
    try {
      return await send(sql, parameters, structured)
    } catch (error) {
      const judged = dialect.judge(error)
      if (judged !== undefined) session.note(judged.outcome)
      if (judged?.lost) void session.end(judged.outcome)
      throw error
    }
  }
  async function begin(): Promise<void> {
    if (own !== undefined) return
    const left = Promise.withResolvers<void>()
    await new Promise<void>((entered) => {
      void loan.alone(() => {
        entered()
        return left.promise
      })
    })
    const name = `strangler_own_${++savepoints}`
    own = { name, leave: left.resolve }
    await inSequence(() => run(`SAVEPOINT ${name}`)).catch((error: unknown) => {
      leave()
      throw error
    })
  }
  function leave(): void {
    own?.leave()
    own = undefined
  }
  async function commit(): Promise<void> {
    if (own === undefined) return
    const { name } = own
    try {
      await inSequence(() => keep(name))
    } finally {
      leave()
    }
  }
  async function keep(name: string): Promise<void> {
    try {
      if (dialect.check !== undefined) await run(dialect.check)
    } catch (error) {
      await undo(name)
      throw error
    }
    await run(`RELEASE SAVEPOINT ${name}`)
  }
  async function undo(name: string): Promise<void> {
    await run(`ROLLBACK TO SAVEPOINT ${name}`)
    await run(`RELEASE SAVEPOINT ${name}`)
  }
  async function rollback(): Promise<void> {
    if (own === undefined) return
    const { name } = own
    await inSequence(() => undo(name)).finally(leave)
  }
  /** As the database itself would: it stands or falls alone, and leaves the transaction around it unharmed. */
  function runAlone(sql: string, parameters?: unknown[], structured?: boolean): Promise<unknown> {
    const name = `strangler_one_${++savepoints}`
    return inSequence(async () => {
      await run(`SAVEPOINT ${name}`)
      try {
        const result = await run(sql, parameters, structured)
        if (dialect.check !== undefined && !isPlainRead(sql)) await run(dialect.check)
        await run(`RELEASE SAVEPOINT ${name}`)
        return result
      } catch (error) {
        // What the statement said counts, not what its undoing says.
        if (!loan.isOver()) await undo(name).catch(() => undefined)
        throw error
      }
    })
  }
  function refuse(what: string): never {
    session.note('refused')
    throw new DryRunRefused(`A dry run cannot do this: ${what}`)
  }

  const control = { begin, commit, rollback, isolation: async () => undefined }
  async function query(sql: string, parameters?: unknown[], structured = false): Promise<unknown> {
    const kind = readControl(sql, dialect.name)
    if (kind === 'forbidden') refuse(sql.trim().slice(0, 100))
    if (kind === 'none' || kind === 'savepoint') {
      return own === undefined
        ? runAlone(sql, parameters, structured)
        : inSequence(() => run(sql, parameters, structured))
    }
    await control[kind]()
    return structured ? Object.assign(new QueryResult(), { raw: [], records: [], affected: 0 }) : []
  }

  return Object.assign(runner, {
    query,
    connect: () => Promise.resolve(loan.connection),
    stream: () => refuse('a stream of rows'),
    async release() {
      if (!loan.isOver()) await rollback()
      else leave()
      Object.assign(runner, { isReleased: true })
    },
  })
}
