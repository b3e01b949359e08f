import type { TableShape } from '../../../core/sync-words.ts'
import type { KeyRange, Statement, SumDialect, TableColumns } from '../../dialect.ts'
import { writeKeyComparison } from './key-range.ts'
import { quoteName } from './names.ts'
import { findColumn, writeCanonicalText, writeKeyText } from './values.ts'

function readBounds(
  table: TableShape,
  afterKey: readonly string[] | undefined,
  { rows, every }: { rows: number; every: number },
): Statement {
  const range = writeRange(table, { after: afterKey, through: undefined })
  return {
    sql: `SELECT ${writeKeyText(table, 'b')} AS \`key\` FROM (
  SELECT p.*, ROW_NUMBER() OVER (ORDER BY ${keyNames(table, 'p')}) AS strangler_n
  FROM (SELECT ${keyNames(table, 'r')} FROM ${quoteName(table.name)} r ${range.sql} ORDER BY ${keyNames(table, 'r')} LIMIT ${Math.trunc(rows)}) p
) b WHERE b.strangler_n % ${Math.trunc(every)} = 0 ORDER BY b.strangler_n`,
    params: range.params,
  }
}

/** QUOTE keeps NULL apart from the text 'NULL', and one cell from the next. */
function sumBetween({ table, columns }: TableColumns, ranges: readonly KeyRange[]): Statement {
  const cells = columns.map(
    (name) => `QUOTE(${writeCanonicalText(findColumn(table, name), `r.${quoteName(name)}`)})`,
  )
  const half = (from: number) => `CAST(CONV(SUBSTR(s.h, ${from}, 16), 16, 10) AS DECIMAL(20))`
  const parts = ranges.map((range, position) => {
    const conditions = writeRange(table, range)
    return {
      sql: `SELECT ${position} AS n, CAST(COUNT(*) AS CHAR) AS entries,
  CAST(COALESCE(SUM(${half(1)}), 0) AS CHAR) AS sum_a, CAST(COALESCE(SUM(${half(17)}), 0) AS CHAR) AS sum_b
FROM (SELECT MD5(CONCAT_WS(',', ${cells.join(', ')})) AS h FROM ${quoteName(table.name)} r ${conditions.sql} LIMIT ${ALL}) s`,
      params: conditions.params,
    }
  })
  return {
    sql: `SELECT entries, sum_a, sum_b FROM (${parts.map(({ sql }) => sql).join('\nUNION ALL ')}) u ORDER BY n`,
    params: parts.flatMap(({ params }) => params),
  }
}

/** With a limit the inner query is not merged into the outer one, which would compute the hash twice. */
const ALL = '18446744073709551615'

function readKeysBetween(table: TableShape, range: KeyRange & { readonly limit: number }): Statement {
  const conditions = writeRange(table, range)
  return {
    sql: `SELECT ${writeKeyText(table, 'r')} AS \`key\` FROM ${quoteName(table.name)} r ${conditions.sql}
ORDER BY ${keyNames(table, 'r')} LIMIT ${Math.trunc(range.limit)}`,
    params: conditions.params,
  }
}

function keyNames(table: TableShape, alias: string): string {
  return table.key.map((name) => `${alias}.${quoteName(name)}`).join(', ')
}

function writeRange(table: TableShape, { after, through }: KeyRange): Statement {
  const conditions = [
    ...(after === undefined ? [] : [writeKeyComparison(table, '>', after)]),
    ...(through === undefined ? [] : [writeKeyComparison(table, '<=', through)]),
  ]
  return {
    sql: conditions.length === 0 ? '' : `WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`,
    params: conditions.flatMap(({ params }) => params),
  }
}

export const sums: SumDialect = { readBounds, sumBetween, readKeysBetween }
