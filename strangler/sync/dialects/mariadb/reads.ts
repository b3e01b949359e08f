import type { ReadsDialect } from '../../reads.ts'
import { findBlindness } from './find-blindness.ts'

const switchOwn = (to: 'YES' | 'NO') =>
  `UPDATE performance_schema.threads SET INSTRUMENTED = '${to}' WHERE PROCESSLIST_ID = CONNECTION_ID()`

/** Rows that were fetched. A session whose thread is not watched counts nowhere: so the kit's own are left out. */
export const reads = {
  findBlindness,
  // When it was started: both are of the statement's own second.
  readSince: () => ({
    sql: `SELECT CAST(UNIX_TIMESTAMP() - CAST(VARIABLE_VALUE AS SIGNED) AS CHAR) AS since FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'UPTIME'`,
    params: [],
  }),
  up: () => [],
  countReads: ({ schema, tables }) => ({
    sql: `SELECT OBJECT_NAME AS tbl, CAST(COUNT_READ AS CHAR) AS \`reads\`, '0' AS own FROM performance_schema.table_io_waits_summary_by_table
WHERE OBJECT_SCHEMA = ? AND OBJECT_NAME IN (${tables.map(() => '?').join(', ') || 'NULL'})`,
    params: [schema, ...tables],
  }),
  beginOwn: () => ({ sql: switchOwn('NO'), params: [] }),
  endOwn: () => ({ sql: switchOwn('YES'), params: [] }),
} satisfies ReadsDialect
