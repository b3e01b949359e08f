import type { ColumnShape } from '../../../core/sync-words.ts'
import type { Statement, TableColumns } from '../../dialect.ts'
import { quoteName } from './names.ts'
import { findColumn } from './values.ts'

/**
 * Counts, per column, values with a month or day of zero (`0000-00-00`, `2024-00-00`), as `column, zeros`; columns without any are left out.
 * Two MariaDBs carry them as they are; PostgreSQL has no such dates and its apply refuses the row, so they are a finding before.
 */
export function countZeroDates({ table, columns }: TableColumns): Statement | undefined {
  const dated = columns
    .map((name) => findColumn(table, name))
    .filter(({ family }) => ['date', 'timestamp', 'timestamptz'].includes(family))
  if (dated.length === 0) return undefined
  const counts = dated.map((column) => `SUM(${isZeroDate(column)}) AS ${quoteName(column.name)}`)
  const lines = dated.map(
    ({ name }, index) =>
      `SELECT ? AS \`column\`, CAST(${quoteName(name)} AS CHAR) AS zeros, ${index} AS pos FROM counted WHERE ${quoteName(name)} > 0`,
  )
  return {
    sql: `WITH counted AS (SELECT ${counts.join(', ')} FROM ${quoteName(table.name)})
SELECT \`column\`, zeros FROM (${lines.join(' UNION ALL ')}) found ORDER BY pos`,
    params: dated.map(({ name }) => name),
  }
}

function isZeroDate({ name, family }: ColumnShape): string {
  const column = quoteName(name)
  return family === 'timestamptz'
    ? `UNIX_TIMESTAMP(${column}) = 0`
    : `MONTH(${column}) = 0 OR DAYOFMONTH(${column}) = 0`
}
