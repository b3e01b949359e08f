import type { ChangeEntry, ForeignKeyShape, TableShape } from '../core/sync-words.ts'
import type { Dialect, RunStatement, Statement, TableColumns } from './dialect.ts'

/** What an applier writes to, parents before their children. */
export interface TargetTables {
  readonly dialect: Dialect
  readonly tables: readonly TableColumns[]
}

/** A row that other rows still point to; their change will come, and then it can go. */
export class StillReferencedError extends Error {
  /** The SQLSTATE of a foreign key violation: that is what it would have become. */
  readonly code = '23503'
}

/**
 * `upsert` in the ordinary case; `replace` takes all rows away before it puts them in, for unique values that change places;
 * `replaceSuspended` does so while foreign keys are switched off.
 */
export type WriteMode = 'upsert' | 'replace' | 'replaceSuspended'

/**
 * Applies those entries that are newer than what the target has, in the transaction of `run`. All or nothing: it throws the database's error,
 * or StillReferencedError. What was not newer is as good as applied.
 */
export async function applyEntries(
  run: RunStatement,
  target: TargetTables,
  job: { readonly entries: readonly ChangeEntry[]; readonly epoch: number; readonly mode: WriteMode },
): Promise<void> {
  const { dialect } = target
  const truncates = job.entries.filter((entry) => entry.truncate === true)
  const rows = job.entries.filter((entry) => entry.truncate !== true)
  const childrenFirst = target.tables.toReversed()
  for (const { table } of childrenFirst) {
    const newest = truncates
      .filter((entry) => entry.table === table.name)
      .toSorted(byVersion)
      .at(-1)
    if (newest !== undefined) await applyTruncate(run, target, { ...job, table, entry: newest })
  }
  if (rows.length === 0) return
  const claimed = await claimEntries(run, dialect, rows, job.epoch)
  for (const { table } of childrenFirst) {
    const gone = claimed.filter((entry) => entry.table === table.name)
    const removed = job.mode === 'upsert' ? gone.filter((entry) => entry.row === null) : gone
    await removeRows(run, target, { table, keys: removed.map((entry) => entry.key), mode: job.mode })
  }
  for (const columns of target.tables) {
    const written = claimed.filter((entry) => entry.table === columns.table.name && entry.row !== null)
    if (written.length > 0) await run(dialect.upsert(columns, written))
  }
}

async function claimEntries(
  run: RunStatement,
  dialect: Dialect,
  rows: readonly ChangeEntry[],
  epoch: number,
): Promise<ChangeEntry[]> {
  const claims = await runAll(run, dialect.claim(rows, epoch))
  const claimed = new Set(claims.map((row) => `${row['tbl']} ${row['key']}`))
  return rows.filter((entry) => claimed.has(`${entry.table} ${entry.key}`))
}

async function removeRows(
  run: RunStatement,
  target: TargetTables,
  { table, keys, mode }: { table: TableShape; keys: readonly string[]; mode: WriteMode },
): Promise<void> {
  if (keys.length === 0) return
  if (mode !== 'replaceSuspended') await refuseReferenced(run, target, { table, keys })
  await run(target.dialect.deleteRows(table, keys))
}

/** The source's own cascades were captured row by row. One here could take a child away that was applied since. */
async function refuseReferenced(
  run: RunStatement,
  target: TargetTables,
  { table, keys }: { table: TableShape; keys: readonly string[] },
): Promise<void> {
  const { readReferenced } = target.dialect
  if (readReferenced === undefined) return
  for (const child of findActingChildren(target, table)) {
    const [first] = await runAll(run, readReferenced(table, child, keys))
    if (first !== undefined) {
      throw new StillReferencedError(
        `${table.name} ${first['key']} cannot be deleted yet: rows of ${child.table.name} still point to it (${child.foreignKey.name}).`,
      )
    }
  }
}

function findActingChildren(
  target: TargetTables,
  parent: TableShape,
): { table: TableShape; foreignKey: ForeignKeyShape }[] {
  return target.tables.flatMap(({ table }) =>
    table.foreignKeys
      .filter((foreignKey) => foreignKey.referencedTable === parent.name)
      .filter((foreignKey) => /CASCADE|SET/i.test(foreignKey.onDelete))
      .map((foreignKey) => ({ table, foreignKey })),
  )
}

const TRUNCATE_PAGE = 1_000

async function applyTruncate(
  run: RunStatement,
  target: TargetTables,
  { table, entry, epoch, mode }: { table: TableShape; entry: ChangeEntry; epoch: number; mode: WriteMode },
): Promise<void> {
  const { dialect } = target
  const isChecked = mode !== 'replaceSuspended' && dialect.readReferenced !== undefined
  if (isChecked && findActingChildren(target, table).length > 0) {
    const columns = { table, columns: table.key }
    let after: string[] | undefined
    for (;;) {
      const page = await run(dialect.readRange(columns, after, TRUNCATE_PAGE, 'applied'))
      const keys = page
        .filter((row) => !isNewer(row['version'], epoch, entry.version))
        .map((row) => row['key']!)
      if (keys.length > 0) await refuseReferenced(run, target, { table, keys })
      if (page.length < TRUNCATE_PAGE) break
      after = JSON.parse(page.at(-1)!['key']!) as string[]
    }
  }
  await runAll(run, dialect.truncate(table, entry, epoch))
}

/** Whether `<epoch>:<version>` is newer than the pair. */
function isNewer(applied: string | null | undefined, epoch: number, version: string): boolean {
  const [appliedEpoch = '0', appliedVersion = '0'] = (applied ?? '0:0').split(':')
  if (Number(appliedEpoch) !== epoch) return Number(appliedEpoch) > epoch
  return BigInt(appliedVersion) > BigInt(version)
}

function byVersion(one: ChangeEntry, other: ChangeEntry): number {
  return BigInt(one.version) < BigInt(other.version) ? -1 : 1
}

/** Runs them in order and gives the rows of the last. */
export async function runAll(
  run: RunStatement,
  statements: readonly Statement[],
): Promise<Record<string, string | null>[]> {
  let rows: Record<string, string | null>[] = []
  for (const statement of statements) rows = await run(statement)
  return rows
}
