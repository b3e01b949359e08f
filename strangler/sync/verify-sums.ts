import type { SyncDatabase } from './database.ts'
import type { SumDialect, TableColumns } from './dialect.ts'
import type { TableRoute } from './mapping.ts'
import { type Judgement, judgeKeys, type TwoSides } from './verify-keys.ts'
import { type PageStart, partsOf, type VerifiedPage } from './verify-pages.ts'
import { findAbsent } from './verify-rows.ts'

/** A page is taken apart in so many ranges; only those that differ are looked into. */
const RANGES = 32
const KEYS_AT_ONCE = 2_000

/** What both sides are summed over: the same columns in the same order. */
export interface SumPlan {
  readonly source: TableColumns
  readonly target: TableColumns
  readonly sums: { readonly source: SumDialect; readonly target: SumDialect }
}

/**
 * How a table can be compared by sums that the databases compute, or undefined. Both must be of one dialect, and columns of one type, since
 * the databases hash their own texts. `route` must be a plain copy (renamed and dropped columns at most): that cannot be seen from here.
 */
export function planSums({ source, target }: TwoSides, route: TableRoute): SumPlan | undefined {
  const sums = { source: source.dialect.sums, target: target.dialect.sums }
  if (sums.source === undefined || sums.target === undefined || source.dialect.name !== target.dialect.name)
    return undefined
  // Each column's own name instead of its value shows where it goes.
  const marks = route.source.columns.map((_, position) => `column ${position}`)
  const places = route.convert(marks).map((mark) => marks.indexOf(mark ?? ''))
  const columns = places.map((place) => route.source.columns[place])
  if (columns.length === 0 || columns.some((name) => name === undefined)) return undefined
  const from = { table: route.source.table, columns: columns as string[] }
  const isAlike = from.columns.every(
    (name, position) => typeOf(from, name) === typeOf(route.target, route.target.columns[position]),
  )
  return isAlike ? { source: from, target: route.target, sums: { ...sums } as SumPlan['sums'] } : undefined
}

function typeOf({ table }: TableColumns, name: string | undefined): string | undefined {
  const column = table.columns.find((candidate) => candidate.name === name)
  return column && `${column.family} ${column.type}`
}

interface Range {
  readonly after: string | undefined
  readonly through: string | undefined
}

/**
 * The next rows by count and sums of hashes a range. The bounds are the source's keys, but each side cuts by its own order: the ranges of
 * either hold all of its rows, so equal ranges prove equal tables even if the orders differ. The last range is open at its end.
 */
export async function verifySums(
  sides: TwoSides,
  route: TableRoute,
  { after, limit, plan }: PageStart & { plan: SumPlan },
): Promise<VerifiedPage> {
  const every = Math.max(1, Math.floor(limit / RANGES))
  const { source: here, target: there } = plan.sums
  const bounds = await sides.source.query(
    here.readBounds(plan.source.table, partsOf(after), { rows: every * RANGES, every }),
  )
  const isLast = bounds.length < RANGES
  const keys = bounds.map((row) => row['key'] ?? '')
  const ends = isLast ? [...keys, undefined] : keys
  const ranges = ends.map(
    (through, index): Range => ({ after: index === 0 ? after : keys[index - 1], through }),
  )
  const cuts = ranges.map((range) => ({ after: partsOf(range.after), through: partsOf(range.through) }))
  const [wanted, found] = await Promise.all([
    sides.source.query(here.sumBetween(plan.source, cuts)),
    sides.target.query(there.sumBetween(plan.target, cuts)),
  ])
  const unlike = ranges.filter((_, index) => sumOf(wanted[index]) !== sumOf(found[index]))
  const rows = wanted.reduce((sum, row) => sum + Number(row['entries']), 0)
  const same = wanted
    .filter((row, index) => sumOf(row) === sumOf(found[index]))
    .reduce((sum, row) => sum + Number(row['entries']), 0)
  const looked = await lookInto(sides, route, { plan, ranges: unlike })
  return {
    rows,
    compared: same + looked.compared,
    judgement: looked.judgement,
    through: isLast ? undefined : keys.at(-1),
  }
}

function sumOf(row: Record<string, string | null> | undefined): string {
  return `${row?.['entries']} ${row?.['sum_a']} ${row?.['sum_b']}`
}

/** Every key that either side has in a range that differs. */
async function lookInto(
  sides: TwoSides,
  route: TableRoute,
  { plan, ranges }: { plan: SumPlan; ranges: readonly Range[] },
): Promise<{ compared: number; judgement: Judgement }> {
  const diverged: Judgement['diverged'][number][] = []
  const inFlight: string[] = []
  let seen = 0
  const judge = async (keys: readonly string[]) => {
    if (keys.length === 0) return
    const judgement = await judgeKeys(sides, route, keys)
    diverged.push(...judgement.diverged)
    inFlight.push(...judgement.inFlight)
    seen += keys.length
  }
  for (const range of ranges) {
    const { table } = plan.source
    // Those of the source first; then those that only the target has.
    await eachKeys(sides.source, (start) => plan.sums.source.readKeysBetween(table, start), range, judge)
    const readThere = (start: KeysStart) => plan.sums.target.readKeysBetween(plan.target.table, start)
    await eachKeys(sides.target, readThere, range, async (keys) =>
      judge(await findAbsent(sides.source, route, keys)),
    )
  }
  return { compared: seen - inFlight.length, judgement: { diverged, inFlight } }
}

type KeysStart = Parameters<SumDialect['readKeysBetween']>[1]

async function eachKeys(
  database: SyncDatabase,
  write: (start: KeysStart) => Parameters<SyncDatabase['query']>[0],
  range: Range,
  work: (keys: readonly string[]) => Promise<void>,
): Promise<void> {
  let after = range.after
  for (;;) {
    const rows = await database.query(
      write({ after: partsOf(after), through: partsOf(range.through), limit: KEYS_AT_ONCE }),
    )
    const keys = rows.map((row) => row['key'] ?? '')
    if (keys.length > 0) await work(keys)
    if (keys.length < KEYS_AT_ONCE) return
    after = keys.at(-1)
  }
}
