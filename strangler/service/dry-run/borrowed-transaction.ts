import type { DryRunDialect } from './dry-run-dialect.ts'
import type { InSequence } from './dry-run-session.ts'

export type RunStatement = (sql: string, parameters?: unknown[], structured?: boolean) => Promise<unknown>

export interface BorrowedTransactionOptions {
  readonly run: RunStatement
  readonly inSequence: InSequence
  /** Runs one transaction after the other. */
  readonly alone: InSequence
  readonly check: DryRunDialect['check']
  readonly isOver: () => boolean
}

/** What a handler takes for its transaction: a savepoint in that of the dry run. */
export interface BorrowedTransaction {
  readonly isOpen: boolean
  /** Waits until no other is open. */
  begin(): Promise<void>
  /** Checks what a real COMMIT would check. */
  commit(): Promise<void>
  rollback(): Promise<void>
  /** Lets the next one begin, whatever has become of this one. */
  leave(): void
  /** A statement outside of a transaction is one of its own, as it would be in reality. */
  runAlone(statement: () => Promise<unknown>, isRead: boolean): Promise<unknown>
}

let savepoints = 0

export function createBorrowedTransaction(options: BorrowedTransactionOptions): BorrowedTransaction {
  const { run, inSequence, isOver } = options
  const savepoint = createSavepoint(options)
  let own: { readonly name: string; readonly leave: () => void } | undefined
  function leave(): void {
    own?.leave()
    own = undefined
  }
  return {
    get isOpen() {
      return own !== undefined
    },
    leave,
    async begin() {
      if (own !== undefined) return
      const name = `strangler_own_${++savepoints}`
      own = { name, leave: await enter(options.alone) }
      await inSequence(() => savepoint.set(name)).catch((error: unknown) => {
        leave()
        throw error
      })
    },
    async commit() {
      if (own === undefined) return
      const { name } = own
      await inSequence(() => savepoint.keep(name)).finally(leave)
    },
    async rollback() {
      if (own === undefined) return
      const { name } = own
      await inSequence(() => savepoint.undo(name)).finally(leave)
    },
    runAlone(statement, isRead) {
      const name = `strangler_one_${++savepoints}`
      return inSequence(async () => {
        await savepoint.set(name)
        try {
          const result = await statement()
          if (options.check !== undefined && !isRead) await run(options.check)
          await savepoint.release(name)
          return result
        } catch (error) {
          // What the statement said counts, not what its undoing says.
          if (!isOver()) await savepoint.undo(name).catch(() => undefined)
          throw error
        }
      })
    },
  }
}

/** Resolves to what ends the turn, once it has come. */
async function enter(alone: InSequence): Promise<() => void> {
  const left = Promise.withResolvers<void>()
  await new Promise<void>((entered) => {
    void alone(() => {
      entered()
      return left.promise
    })
  })
  return left.resolve
}

function createSavepoint({ run, check }: Pick<BorrowedTransactionOptions, 'run' | 'check'>) {
  const set = (name: string) => run(`SAVEPOINT ${name}`)
  const release = (name: string) => run(`RELEASE SAVEPOINT ${name}`)
  async function undo(name: string): Promise<void> {
    await run(`ROLLBACK TO SAVEPOINT ${name}`)
    await release(name)
  }
  async function keep(name: string): Promise<void> {
    try {
      if (check !== undefined) await run(check)
    } catch (error) {
      await undo(name)
      throw error
    }
    await release(name)
  }
  return { set, release, undo, keep }
}
