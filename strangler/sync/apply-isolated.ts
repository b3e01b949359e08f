import type { ChangeEntry } from '../core/sync-words.ts'
import { applyEntries, runAll, type TargetTables, type WriteMode } from './apply-entries.ts'
import { classifyError, type DatabaseErrorKind, describe } from './classify-error.ts'
import type { RunStatement } from './dialect.ts'

/** An entry that the target refused, and why. */
export interface FailedEntry {
  readonly entry: ChangeEntry
  readonly kind: DatabaseErrorKind
  readonly error: string
}

interface Isolation {
  readonly run: RunStatement
  readonly target: TargetTables
  readonly epoch: number
}

/**
 * Applies what can be applied and gives what cannot, in the transaction of `run`: halves what fails until single entries stand alone. What
 * waits for another row is tried again after the others, as long as that helps; unique values that change places are taken out together.
 */
export async function applyIsolated(
  isolation: Isolation,
  entries: readonly ChangeEntry[],
): Promise<FailedEntry[]> {
  let failed = await halve(isolation, entries)
  // Nothing has come that any of them could have waited for.
  if (failed.length === entries.length) return replaceCollisions(isolation, failed)
  for (;;) {
    const waiting = failed.filter(({ kind }) => kind === 'unique' || kind === 'reference')
    if (waiting.length === 0) return failed
    const others = failed.filter((entry) => !waiting.includes(entry))
    const again = await halve(
      isolation,
      waiting.map(({ entry }) => entry),
    )
    failed = [...others, ...again]
    if (again.length === waiting.length) break
  }
  return replaceCollisions(isolation, failed)
}

async function halve(isolation: Isolation, entries: readonly ChangeEntry[]): Promise<FailedEntry[]> {
  if (entries.length === 0) return []
  const failure = await attempt(isolation, entries, 'upsert')
  if (failure === undefined) return []
  const [first] = entries
  if (entries.length === 1) return [{ entry: first!, kind: classifyError(failure), error: describe(failure) }]
  const middle = Math.ceil(entries.length / 2)
  const left = await halve(isolation, entries.slice(0, middle))
  return [...left, ...(await halve(isolation, entries.slice(middle)))]
}

/** Two rows that swap a unique value can be written in no order; and one that is to go may be in the way of what still points to it. */
async function replaceCollisions(isolation: Isolation, failed: FailedEntry[]): Promise<FailedEntry[]> {
  const isStuck = ({ entry, kind }: FailedEntry) =>
    kind === 'unique' || (kind === 'reference' && entry.row === null)
  const collided = failed.filter(isStuck)
  if (collided.length < 2 || !collided.some(({ kind }) => kind === 'unique')) return failed
  const entries = collided.map(({ entry }) => entry)
  const others = failed.filter((entry) => !collided.includes(entry))
  const failure = await attempt(isolation, entries, 'replace')
  if (failure === undefined) return others
  const { suspendReferences } = isolation.target.dialect
  if (classifyError(failure) !== 'reference' || suspendReferences === undefined) return failed
  // Rows of other tables point to these: they stay where they are while their parents are away.
  const second = await attempt(isolation, entries, 'replaceSuspended')
  if (second === undefined) return others
  const why = `${describe(failure)} Unique values changed places among rows that others point to; that needs the right to suspend foreign keys: ${describe(second)}`
  return [...others, ...collided.map((entry) => ({ ...entry, error: why }))]
}

/** Gives the error, rolled back to where it began, or undefined. */
async function attempt(
  { run, target, epoch }: Isolation,
  entries: readonly ChangeEntry[],
  mode: WriteMode,
): Promise<unknown> {
  const { dialect } = target
  const isSuspended = mode === 'replaceSuspended'
  const plain = (sql: string) => run({ sql, params: [] })
  await plain('SAVEPOINT strangler_part')
  try {
    if (isSuspended) await runAll(run, dialect.suspendReferences?.() ?? [])
    await applyEntries(run, target, { entries, epoch, mode })
    await runAll(run, dialect.endApply?.() ?? [])
    if (isSuspended) await runAll(run, dialect.resumeReferences?.() ?? [])
    await plain('RELEASE SAVEPOINT strangler_part')
    return undefined
  } catch (error) {
    const kind = classifyError(error)
    // Not about these rows: the whole job is tried again.
    if (kind === 'retry' || kind === 'unreachable' || kind === 'overtaken') throw error
    await plain('ROLLBACK TO SAVEPOINT strangler_part')
    return error
  }
}
