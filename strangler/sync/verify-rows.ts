import type { CellText, ColumnFamily } from '../core/sync-words.ts'
import { at, kitTable } from './bookkeeping.ts'
import { canonicalizeCell } from './canonical.ts'
import type { SyncDatabase, TextRow } from './database.ts'
import type { TableColumns, VersionSource } from './dialect.ts'
import type { TableRoute } from './mapping.ts'
import { cellsOf } from './read-entries.ts'

/** A row of either side in the target's columns. */
export interface SeenRow {
  readonly key: string
  /** The source: newest pending version or '0'. The target: `<epoch>:<version>` of what is applied. */
  readonly version: string
  /** Null when there is no such row. */
  readonly cells: readonly CellText[] | null
  /** Why the mapping could not convert it; `cells` is empty then. */
  readonly refusal?: string
}

/** What the source would have the target hold. One statement, hence one snapshot of rows and log. */
export async function readSourceKeys(
  source: SyncDatabase,
  route: TableRoute,
  keys: readonly string[],
): Promise<SeenRow[]> {
  if (keys.length === 0) return []
  const rows = await readKeys(source, { columns: route.source, keys, versions: 'pending' })
  return rows.map((row) => convert(route, row, row['present'] === '1'))
}

/** The next rows of the source in its own order. */
export async function readSourceRange(
  source: SyncDatabase,
  route: TableRoute,
  { after, limit }: { after: readonly string[] | undefined; limit: number },
): Promise<SeenRow[]> {
  const rows = await source.query(source.dialect.readRange(route.source, after, limit))
  return rows.map((row) => convert(route, row, true))
}

export async function readTargetKeys(
  target: SyncDatabase,
  route: TableRoute,
  keys: readonly string[],
): Promise<SeenRow[]> {
  if (keys.length === 0) return []
  const rows = await readKeys(target, { columns: route.target, keys, versions: 'applied' })
  return rows.map((row) => ({
    key: row['key'] ?? '',
    version: row['version'] ?? '0:0',
    cells: row['present'] === '1' ? cellsOf(row, route.target.columns.length) : null,
  }))
}

/** Those of the target's keys that the source does not have. */
export async function findAbsent(
  source: SyncDatabase,
  { source: { table } }: TableRoute,
  keys: readonly string[],
): Promise<string[]> {
  if (keys.length === 0) return []
  const columns = { table, columns: table.key }
  const rows = await readKeys(source, { columns, keys, versions: 'pending' })
  return rows.filter((row) => row['present'] !== '1').map((row) => row['key'] ?? '')
}

interface KeysToRead {
  readonly columns: TableColumns
  readonly keys: readonly string[]
  readonly versions: VersionSource
}

/** A key that the column's type cannot even hold, such as a number that is too large for it, is one of a row that is not there. */
async function readKeys(database: SyncDatabase, { columns, keys, versions }: KeysToRead): Promise<TextRow[]> {
  try {
    return await database.query(database.dialect.readKeys(columns, keys, versions))
  } catch (error) {
    if (!isUnfitValue(error)) throw error
    const [key = ''] = keys
    if (keys.length === 1) return [{ key, version: versions === 'pending' ? '0' : '0:0', present: null }]
    const middle = Math.ceil(keys.length / 2)
    const left = await readKeys(database, { columns, keys: keys.slice(0, middle), versions })
    return [...left, ...(await readKeys(database, { columns, keys: keys.slice(middle), versions }))]
  }
}

/** PostgreSQL's class 22; MariaDB casts such a text to another value, which then is not the key's. */
function isUnfitValue(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' && /^22...$/.test(code)
}

function convert(route: TableRoute, row: TextRow, isPresent: boolean): SeenRow {
  const seen = { key: row['key'] ?? '', version: row['version'] ?? '0' }
  if (!isPresent) return { ...seen, cells: null }
  try {
    return { ...seen, cells: route.convert(cellsOf(row, route.source.columns.length)) }
  } catch (error) {
    return { ...seen, cells: [], refusal: error instanceof Error ? error.message : String(error) }
  }
}

/** The last TRUNCATE that the target has applied: rows from before it have no version any more. */
export async function readFloor(target: SyncDatabase, table: string): Promise<string> {
  const dialect = target.dialect.name
  const [row] = await target.query({
    sql: `SELECT epoch, version FROM ${kitTable(dialect, 'floor')} WHERE tbl = ${at(dialect, 1)}`,
    params: [table],
  })
  return floorOf(row)
}

export const NO_FLOOR = '0:-1'

export function floorOf(row: TextRow | undefined): string {
  return row === undefined ? NO_FLOOR : `${row['epoch']}:${row['version']}`
}

/** The families by which both sides are compared: the target's, since that is what the source's texts become. */
export function familiesOf({ target }: TableRoute): ColumnFamily[] {
  return target.columns.map((name) => {
    const column = target.table.columns.find((candidate) => candidate.name === name)
    if (column === undefined) throw new Error(`${target.table.name} has no column ${name}.`)
    return column.family
  })
}

/**
 * Whether two rows hold the same values. The cells themselves instead of their hashes: both are here anyway, most are equal letter by
 * letter, and nothing can collide.
 */
export function isSameRow(families: readonly ColumnFamily[], one: SeenRow, other: SeenRow): boolean {
  if (one.refusal !== undefined || other.refusal !== undefined) return false
  if (one.cells === null || other.cells === null) return one.cells === other.cells
  return one.cells.every((cell, column) => isSameCell(families[column]!, cell, other.cells![column] ?? null))
}

export function isSameCell(family: ColumnFamily, one: CellText, other: CellText): boolean {
  if (one === other) return true
  if (one === null || other === null) return false
  return canonicalOf(family, one) === canonicalOf(family, other)
}

function canonicalOf(family: ColumnFamily, text: string): string {
  try {
    return canonicalizeCell(family, text)
  } catch (error) {
    // PostgreSQL's own form of an array that does not begin at 1, or a text column where the other side has JSON.
    if (error instanceof SyntaxError) return text
    throw error
  }
}
