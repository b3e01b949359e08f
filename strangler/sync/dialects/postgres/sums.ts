import type { TableShape } from '../../../core/sync-words.ts'
import type { KeyRange, Statement, SumDialect, TableColumns } from '../../dialect.ts'
import { quoteName, tableName } from './names.ts'
import { isAfterKey, isUpToKey, keyText } from './values.ts'

function readBounds(
  table: TableShape,
  afterKey: readonly string[] | undefined,
  { rows, every }: { rows: number; every: number },
): Statement {
  const key = keyColumns('t', table)
  const condition = afterKey === undefined ? '' : `WHERE ${isAfterKey('t', table, 3)}`
  return {
    sql: `SELECT ${keyText('b', table)} AS key FROM (
  SELECT p.*, row_number() OVER (ORDER BY ${keyColumns('p', table)}) AS strangler_n
  FROM (SELECT ${key} FROM ${tableName(table)} AS t ${condition} ORDER BY ${key} LIMIT $1) p
) b WHERE b.strangler_n % $2::bigint = 0 ORDER BY b.strangler_n`,
    params: [rows, every, ...(afterKey ?? [])],
  }
}

/** PostgreSQL's own text of the whole row: columns of one type in two databases have the same, with the kit's session settings. */
function sumBetween({ table, columns }: TableColumns, ranges: readonly KeyRange[]): Statement {
  const params: string[] = []
  const row = columns.map((name) => `t.${quoteName(name)}`).join(', ')
  const parts = ranges.map((range, position) => {
    const conditions = writeRange(table, range, params)
    return `SELECT ${position} AS n, count(*)::text AS entries,
  coalesce(sum(hashtextextended(s.r, 0)), 0)::text AS sum_a, coalesce(sum(hashtextextended(s.r, 1)), 0)::text AS sum_b
FROM (SELECT ROW(${row})::text AS r FROM ${tableName(table)} AS t ${conditions} OFFSET 0) s`
  })
  return {
    sql: `SELECT entries, sum_a, sum_b FROM (${parts.join('\nUNION ALL ')}) u ORDER BY n`,
    params,
  }
}

function readKeysBetween(table: TableShape, range: KeyRange & { readonly limit: number }): Statement {
  const params: string[] = []
  const conditions = writeRange(table, range, params)
  const order = keyColumns('t', table)
  return {
    sql: `SELECT ${keyText('t', table)} AS key FROM ${tableName(table)} AS t ${conditions} ORDER BY ${order} LIMIT ${Math.trunc(range.limit)}`,
    params,
  }
}

function keyColumns(row: string, table: TableShape): string {
  return table.key.map((name) => `${row}.${quoteName(name)}`).join(', ')
}

function writeRange(table: TableShape, { after, through }: KeyRange, params: string[]): string {
  const conditions: string[] = []
  if (after !== undefined) {
    conditions.push(isAfterKey('t', table, params.length + 1))
    params.push(...after)
  }
  if (through !== undefined) {
    conditions.push(isUpToKey('t', table, params.length + 1))
    params.push(...through)
  }
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
}

export const sums: SumDialect = { readBounds, sumBetween, readKeysBetween }
