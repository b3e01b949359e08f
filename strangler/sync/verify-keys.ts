import type { CellText, ColumnFamily } from '../core/sync-words.ts'
import type { SyncDatabase } from './database.ts'
import type { TableRoute } from './mapping.ts'
import {
  familiesOf,
  isSameCell,
  isSameRow,
  readFloor,
  readSourceKeys,
  readTargetKeys,
  type SeenRow,
} from './verify-rows.ts'
import { readWaitingTruncate } from './waiting-truncate.ts'

export interface ColumnDifference {
  readonly column: string
  readonly source: CellText
  readonly target: CellText
}

/** A row that is not the same although nothing is on its way that would make it so. */
export interface Divergence {
  /** The source's name of the table. */
  readonly table: string
  readonly key: string
  readonly kind: 'missing' | 'extra' | 'different'
  /** The columns of a row that is different, by the target's names. */
  readonly columns: readonly ColumnDifference[]
  /** Why the mapping cannot convert the source's row, which is then why it is not there. */
  readonly refusal?: string
}

/** What there is to say about some keys. Those in neither list are the same. */
export interface Judgement {
  readonly diverged: readonly Divergence[]
  /** On their way, or just changed: to be looked at again. */
  readonly inFlight: readonly string[]
}

/** What the target showed first (T1), and the TRUNCATE that it stood at before that. */
export interface FirstLook {
  readonly floor: string
  readonly rows: readonly SeenRow[]
}

export interface TwoSides {
  readonly source: SyncDatabase
  readonly target: SyncDatabase
}

export async function lookAtTarget(
  { target }: TwoSides,
  route: TableRoute,
  keys: readonly string[],
): Promise<FirstLook> {
  const floor = await readFloor(target, route.target.table.name)
  return { floor, rows: await readTargetKeys(target, route, keys) }
}

/** Decides about keys, of which most should be suspicious already. Exact while both sides are written to. */
export async function judgeKeys(
  sides: TwoSides,
  route: TableRoute,
  keys: readonly string[],
): Promise<Judgement> {
  return judgeAgainst(sides, route, await lookAtTarget(sides, route, keys))
}

/**
 * T1 was read; now S, then T2. What is not pending in S had been applied when S was read; and a version only ever grows, so when T1 = T2 the
 * target held just that at the moment of S. Then the two are of one moment, and a difference is a divergence.
 */
export async function judgeAgainst(sides: TwoSides, route: TableRoute, first: FirstLook): Promise<Judgement> {
  const families = familiesOf(route)
  const before = new Map(first.rows.map((row) => [row.key, row]))
  const wanted = await readSourceKeys(sides.source, route, [...before.keys()])
  const unlike = wanted.filter((row) => !isSameRow(families, row, before.get(row.key)!))
  const pending = unlike.filter((row) => row.version !== '0')
  const suspects = unlike.filter((row) => row.version === '0')
  if (suspects.length === 0) return { diverged: [], inFlight: pending.map(({ key }) => key) }
  // After S and before T2: a TRUNCATE that S shows and T1 = T2 does not must still be in the log now.
  const isEmptying = (await readWaitingTruncate(sides.source, route.source.table.name)) !== undefined
  const after = await readTargetKeys(
    sides.target,
    route,
    suspects.map(({ key }) => key),
  )
  const hasMoved = isEmptying || (await readFloor(sides.target, route.target.table.name)) !== first.floor
  const later = new Map(after.map((row) => [row.key, row]))
  const isSteady = ({ key }: SeenRow) => !hasMoved && isUnchanged(before.get(key)!, later.get(key)!)
  return {
    diverged: suspects
      .filter(isSteady)
      .map((row) => describeDivergence(route, families, { source: row, target: before.get(row.key)! })),
    inFlight: [...pending, ...suspects.filter((row) => !isSteady(row))].map(({ key }) => key),
  }
}

function isUnchanged(one: SeenRow, other: SeenRow): boolean {
  if (one.version !== other.version) return false
  if (one.cells === null || other.cells === null) return one.cells === other.cells
  return one.cells.every((cell, column) => cell === other.cells![column])
}

function describeDivergence(
  route: TableRoute,
  families: readonly ColumnFamily[],
  { source, target }: { source: SeenRow; target: SeenRow },
): Divergence {
  const kind = target.cells === null ? 'missing' : source.cells === null ? 'extra' : 'different'
  const isComparable = kind === 'different' && source.refusal === undefined
  const columns = route.target.columns.flatMap((column, position): ColumnDifference[] => {
    const [wanted, found] = [source.cells?.[position] ?? null, target.cells?.[position] ?? null]
    if (!isComparable || isSameCell(families[position]!, wanted, found)) return []
    return [{ column, source: wanted, target: found }]
  })
  const base = { table: route.source.table.name, key: source.key, kind, columns } as const
  return source.refusal === undefined ? base : { ...base, refusal: source.refusal }
}
