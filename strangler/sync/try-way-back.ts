import type { CellText, ChangeBatch, ChangeEntry, TriedTable } from '../core/sync-words.ts'
import { applyEntries, runAll } from './apply-entries.ts'
import { classifyError, describe } from './classify-error.ts'
import type { SyncDatabase } from './database.ts'
import type { DatabaseRoles } from './database-pair.ts'
import type { RunStatement } from './dialect.ts'
import type { TableRoute } from './mapping.ts'
import { cellsOf, toEntries } from './read-entries.ts'
import { orderByReferences } from './table-order.ts'
import { chooseChanges, type TrialChange } from './trial-change.ts'
import { familiesOf, isSameRow } from './verify-rows.ts'

export interface WayBackOptions extends DatabaseRoles {
  readonly capability: string
  readonly installation: string
  /** The other way round: from the database that will take the writes to the one that takes them now. */
  readonly back: readonly TableRoute[]
  /** Through the queue and out again. */
  readonly carry: (batch: ChangeBatch) => Promise<ChangeBatch>
}

/** Above every epoch that was, so that nothing that is applied is newer. It is rolled back with the rest. */
const TRIAL_EPOCH = 2_147_483_647
const ATTEMPTS = 6

/**
 * Takes a row of each table the way that it will go when the other side owns: written there behind its guards, captured, read and converted as the
 * relay does, through the queue, applied here, and read again. Both transactions are rolled back, one after the other, so nothing of it is ever
 * seen and no lock is held across the queue. The other side must capture already.
 */
export async function tryWayBack(options: WayBackOptions): Promise<TriedTable[]> {
  const tried: TriedTable[] = []
  for (const route of options.back) tried.push(await tryTable(options, route))
  return tried
}

async function tryTable(options: WayBackOptions, route: TableRoute): Promise<TriedTable> {
  const table = route.target.table.name
  const { dialect } = options.target
  const rows = await options.target.query(dialect.readRange(route.source, undefined, 50, 'none'))
  if (rows.length === 0) return { table, outcome: 'empty' }
  let last: TriedTable = { table, outcome: 'refused' }
  for (const change of chooseChanges(route.source, rows).slice(0, ATTEMPTS)) {
    const column = change.column === undefined ? {} : { column: change.column }
    try {
      const captured = await captureChange(options, route, change)
      // Its own database does not take the value: no trial.
      if (captured === undefined) continue
      return { table, ...column, ...(await takeBack(options, route, captured)) }
    } catch (error) {
      const outcome = classifyError(error) === 'retry' ? 'busy' : 'refused'
      last = { table, outcome, ...column, because: describe(error) }
      break
    }
  }
  return last
}

/** Written, captured and read in one transaction that nobody sees. Undefined when a constraint of the table does not let the value in. */
async function captureChange(
  { target }: WayBackOptions,
  route: TableRoute,
  { key, row }: TrialChange,
): Promise<ChangeEntry | undefined> {
  const { dialect } = target
  return rollBack(target, async (run) => {
    await runAll(run, dialect.beginTrial())
    try {
      const written = { table: route.source.table.name, key, version: '0', row }
      if (!(await isTaken(run(dialect.upsert(route.source, [written]))))) return undefined
      const { entries, refused } = toEntries(route, await run(dialect.readKeys(route.source, [key])))
      if (refused[0] !== undefined) throw refused[0].error
      const [entry] = entries
      if (entry === undefined || entry.version === '0') throw new Error('its change was not captured')
      return entry
    } finally {
      await endTrial(run, dialect.endTrial())
    }
  })
}

/** A constraint says no; what says that it is late or away does not. */
async function isTaken(writing: Promise<unknown>): Promise<boolean> {
  try {
    await writing
    return true
  } catch (error) {
    const kind = classifyError(error)
    if (kind === 'retry' || kind === 'unreachable') throw error
    return false
  }
}

/** After a failure PostgreSQL takes no statement any more, and needs none. */
async function endTrial(run: RunStatement, statements: Parameters<typeof runAll>[1]): Promise<void> {
  await runAll(run, statements).catch(() => undefined)
}

async function takeBack(
  options: WayBackOptions,
  route: TableRoute,
  entry: ChangeEntry,
): Promise<Pick<TriedTable, 'outcome' | 'because'>> {
  const { capability, installation, source, back, carry } = options
  const head = { capability, installation, direction: 'reverse', epoch: TRIAL_EPOCH } as const
  const batch = await carry({ ...head, entries: [entry] })
  const { dialect } = source
  const tables = orderByReferences(back.map(({ target }) => target))
  const found = await rollBack(source, async (run) => {
    await runAll(run, dialect.beginApply(tables.map((columns) => columns.table.name)))
    await applyEntries(
      run,
      { dialect, tables },
      { entries: batch.entries, epoch: TRIAL_EPOCH, mode: 'upsert' },
    )
    await runAll(run, dialect.endApply?.() ?? [])
    const [row] = await run(dialect.readKeys(route.target, [entry.key], 'none'))
    await endTrial(run, dialect.endTrial())
    return row?.['present'] === '1' ? cellsOf(row, route.target.columns.length) : null
  })
  return judge(route, entry, found)
}

function judge(
  route: TableRoute,
  { key, row }: ChangeEntry,
  found: readonly CellText[] | null,
): Pick<TriedTable, 'outcome' | 'because'> {
  const families = familiesOf(route)
  const seen = (cells: readonly CellText[] | null) => ({ key, version: '0', cells })
  if (isSameRow(families, seen(row), seen(found))) return { outcome: 'came-back' }
  const other = route.target.columns.filter((_, at) => row?.[at] !== found?.[at])
  return { outcome: 'refused', because: `it came back with other values in ${other.join(', ')}` }
}

class Rollback extends Error {}

/** What `work` has found, after all that it did is undone. */
async function rollBack<T>(database: SyncDatabase, work: (run: RunStatement) => Promise<T>): Promise<T> {
  let found: { readonly value: T } | undefined
  try {
    await database.transaction(
      async (run) => {
        found = { value: await work(run) }
        throw new Rollback()
      },
      { isolation: 'READ COMMITTED' },
    )
  } catch (error) {
    if (!(error instanceof Rollback) || found === undefined) throw error
  }
  return (found as { readonly value: T }).value
}
