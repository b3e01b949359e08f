import type { TableShape } from '../../../core/sync-words.ts'
import type { Statement } from '../../dialect.ts'
import { quoteName, quoteText, tableName } from './names.ts'

/** The sequence behind a column: its own, or the one that its default names. */
function sequenceOf(table: TableShape, column: string): string {
  const [name, text] = [quoteText(tableName(table)), quoteText(column)]
  return `coalesce(pg_get_serial_sequence(${name}, ${text}), (SELECT substring(pg_get_expr(d.adbin, d.adrelid) FROM 'nextval\\(''(.*)''::regclass\\)')
  FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  WHERE d.adrelid = ${name}::regclass AND a.attname = ${text}))::regclass`
}

export function readIdentities(table: TableShape): Statement[] {
  return table.columns
    .filter(({ identity }) => identity)
    .map(({ name }) => ({
      sql: `SELECT ${quoteText(name)} AS name, coalesce(pg_sequence_last_value(s.seqrelid) + s.seqincrement, s.seqstart)::text AS next,
  (SELECT coalesce(max(${quoteName(name)}), 0)::bigint + 1 FROM ${tableName(table)})::text AS free, s.seqmax::text AS last
FROM pg_sequence s WHERE s.seqrelid = ${sequenceOf(table, name)}`,
      params: [],
    }))
}

export function setIdentity(table: TableShape, column: string, next: string): string {
  if (!/^\d+$/.test(next)) throw new Error(`"${next}" is no number of a row`)
  return `SELECT setval(${sequenceOf(table, column)}, ${next}::bigint, false)::text`
}
