import type { CellText } from '../core/sync-words.ts'
import type { TextRow } from './database.ts'
import type { TableColumns } from './dialect.ts'
import { cellsOf } from './read-entries.ts'

/** A row that is there, with at most one value that is another row's. */
export interface TrialChange {
  readonly key: string
  readonly row: readonly CellText[]
  /** Absent: the row as it is. Writing it is captured all the same. */
  readonly column?: string
}

/**
 * Changes that the table should let in, the likeliest first: a value that the same column has in another row fits its type, and most of its
 * constraints. Keys, unique columns and references stay as they are. The last resort changes nothing.
 */
export function chooseChanges(columns: TableColumns, rows: readonly TextRow[]): TrialChange[] {
  const { table } = columns
  const fixed = new Set([
    ...table.key,
    ...table.uniques.flat(),
    ...table.foreignKeys.flatMap((foreignKey) => foreignKey.columns),
    ...table.columns.filter(({ generated }) => generated).map(({ name }) => name),
  ])
  const read = rows.map((row) => ({ key: row['key'] ?? '', row: cellsOf(row, columns.columns.length) }))
  const [first] = read
  if (first === undefined) return []
  const changed = columns.columns.flatMap((column, at): TrialChange[] => {
    if (fixed.has(column)) return []
    const other = read.find(({ row }) => row[at] !== first.row[at] && row[at] !== null)
    return other === undefined
      ? []
      : [{ key: first.key, column, row: first.row.with(at, other.row[at] ?? null) }]
  })
  return [...changed, first]
}
