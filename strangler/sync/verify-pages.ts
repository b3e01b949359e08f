import { decodeKey } from './canonical.ts'
import type { TableRoute } from './mapping.ts'
import { type Judgement, judgeAgainst, judgeKeys, lookAtTarget, type TwoSides } from './verify-keys.ts'
import { familiesOf, findAbsent, isSameRow, readSourceRange } from './verify-rows.ts'

/** One step of a walk through a table. */
export interface VerifiedPage {
  /** Rows that were read, for the size of the next page. */
  readonly rows: number
  /** Rows of the source that are the same, or extra ones of the target, decided at once. */
  readonly compared: number
  readonly judgement: Judgement
  /** The key after which to read on; undefined when the walk is over. */
  readonly through: string | undefined
}

export interface PageStart {
  readonly after: string | undefined
  readonly limit: number
}

const NOTHING_FOUND: Judgement = { diverged: [], inFlight: [] }

/** The next rows of the source, in its own order, and what the target has under their keys, whatever order it has. */
export async function verifyRows(
  sides: TwoSides,
  route: TableRoute,
  { after, limit }: PageStart,
): Promise<VerifiedPage> {
  const wanted = await readSourceRange(sides.source, route, { after: partsOf(after), limit })
  if (wanted.length === 0) return { rows: 0, compared: 0, judgement: NOTHING_FOUND, through: undefined }
  const keys = wanted.map(({ key }) => key)
  const first = await lookAtTarget(sides, route, keys)
  const found = new Map(first.rows.map((row) => [row.key, row]))
  const families = familiesOf(route)
  const unlike = wanted.filter((row) => !isSameRow(families, row, found.get(row.key)!))
  const rows = unlike.map(({ key }) => found.get(key)!)
  const judgement =
    rows.length === 0 ? NOTHING_FOUND : await judgeAgainst(sides, route, { floor: first.floor, rows })
  return {
    rows: wanted.length,
    compared: wanted.length - judgement.inFlight.length,
    judgement,
    through: wanted.length < limit ? undefined : keys.at(-1),
  }
}

/** The next keys of the target, in its own order, that the source does not have. Rows are read for those only. */
export async function verifyExtra(
  sides: TwoSides,
  route: TableRoute,
  { after, limit }: PageStart,
): Promise<VerifiedPage> {
  const here = route.target.table
  const { dialect } = sides.target
  const found = await sides.target.query(
    dialect.readRange({ table: here, columns: here.key }, partsOf(after), limit, 'applied'),
  )
  const keys = found.map((row) => row['key'] ?? '')
  const absent = await findAbsent(sides.source, route, keys)
  const judgement = absent.length === 0 ? NOTHING_FOUND : await judgeKeys(sides, route, absent)
  return {
    rows: keys.length,
    compared: judgement.diverged.length,
    judgement,
    through: keys.length < limit ? undefined : keys.at(-1),
  }
}

export function partsOf(key: string | undefined): string[] | undefined {
  return key === undefined ? undefined : decodeKey(key)
}
