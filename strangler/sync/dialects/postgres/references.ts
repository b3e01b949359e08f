import type { ForeignKeyShape, TableShape } from '../../../core/sync-words.ts'
import type { Statement } from '../../dialect.ts'
import { quoteName, tableName } from './names.ts'
import { keyText, matchKey } from './values.ts'

/** First the rows are locked, so that no child can arrive between the look and the delete; the look's snapshot is then taken after that. */
export function readReferenced(
  table: TableShape,
  child: { table: TableShape; foreignKey: ForeignKeyShape },
  keys: readonly string[],
): Statement[] {
  const { columns, referencedColumns } = child.foreignKey
  const points = columns.map(
    (name, position) => `c.${quoteName(name)} = t.${quoteName(referencedColumns[position] ?? name)}`,
  )
  const isSameTable = child.table.schema === table.schema && child.table.name === table.name
  const others = isSameTable ? [`NOT ${keyText('c', table)} = ANY($1::text[])`] : []
  const rows = `WITH k AS MATERIALIZED (SELECT key, key::json AS j FROM unnest($1::text[]) AS u(key))
SELECT k.key FROM k JOIN ${tableName(table)} AS t ON ${matchKey('t', table, 'k.j')}`
  const condition = [...points, ...others].map((part) => `(${part})`).join(' AND ')
  return [
    { sql: `${rows} ORDER BY k.key FOR UPDATE OF t`, params: [[...keys]] },
    {
      sql: `${rows} WHERE EXISTS (SELECT FROM ${tableName(child.table)} AS c WHERE ${condition})`,
      params: [[...keys]],
    },
  ]
}

/** Back to deferred afterwards: a job in pieces goes on in the same transaction. */
export function endApply(): Statement[] {
  return [
    { sql: 'SET CONSTRAINTS ALL IMMEDIATE', params: [] },
    { sql: 'SET CONSTRAINTS ALL DEFERRED', params: [] },
  ]
}

/** As logical replication does; needs a superuser, or GRANT SET ON PARAMETER session_replication_role (PostgreSQL 15). */
export function suspendReferences(): Statement[] {
  return [{ sql: `SET LOCAL session_replication_role = 'replica'`, params: [] }]
}

export function resumeReferences(): Statement[] {
  return [{ sql: `SET LOCAL session_replication_role = 'origin'`, params: [] }]
}
