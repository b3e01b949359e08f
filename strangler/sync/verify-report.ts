import type { CellText, Direction } from '../core/sync-words.ts'
import type { Divergence } from './verify-keys.ts'
import type { Counts, Pass, Sample, Settled } from './verify-ledger.ts'

/** What may be shown of a value; NULL is never asked about. */
export type MaskCell = (cell: {
  readonly table: string
  readonly column: string
  readonly value: string
}) => string

/** Nothing but the length. */
export const hideValue: MaskCell = ({ value }) => `(${value.length} characters)`

export interface VerifyProgress {
  readonly table: string
  readonly pass: Pass
  /** Rows of the source that were decided about, and the extra ones of the target; over all restarts. */
  readonly compared: number
  /** Keys that are to be looked at again, or were given up. */
  readonly inFlight: number
  readonly missing: number
  readonly extra: number
  readonly different: number
  /** Of this run. */
  readonly rowsPerSecond: number
  /** Why it waits, or undefined. */
  readonly throttled: string | undefined
}

/** The two sides are the same exactly when missing, extra and different are 0; keys in flight at the end are not known to be anything. */
export interface VerifyReport {
  readonly capability: string
  readonly direction: Direction
  /** When the first run of this verification began (epoch ms): the age of the evidence. */
  readonly startedAt: number
  readonly compared: number
  readonly inFlight: number
  readonly missing: number
  readonly extra: number
  readonly different: number
  /** At most 10, values masked. */
  readonly samples: readonly Sample[]
  readonly tookMs: number
  readonly rowsPerSecond: number
}

/** What a checkpoint holds. */
export interface VerifyCheckpoint extends Settled {
  readonly startedAt: number
}

const LONGEST_VALUE = 200

export function sampleOf(found: Divergence, mask: MaskCell): Sample {
  const show = (column: string, value: CellText) =>
    value === null ? null : mask({ table: found.table, column, value }).slice(0, LONGEST_VALUE)
  const columns = found.columns.map(({ column, source, target }) => ({
    column,
    source: show(column, source),
    target: show(column, target),
  }))
  return { ...found, columns }
}

export function countDiverged(found: readonly Divergence[]): Partial<Counts> {
  const count = (kind: Divergence['kind']) => found.filter((divergence) => divergence.kind === kind).length
  return { missing: count('missing'), extra: count('extra'), different: count('different') }
}
