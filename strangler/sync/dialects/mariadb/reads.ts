import type { ReadsDialect } from '../../reads.ts'

const INSTRUMENT = 'wait/io/table/sql/handler'
const switchOwn = (to: 'YES' | 'NO') =>
  `UPDATE performance_schema.threads SET INSTRUMENTED = '${to}' WHERE PROCESSLIST_ID = CONNECTION_ID()`

/** Rows that were fetched. A session whose thread is not watched counts nowhere: so the kit's own are left out. */
export const reads = {
  findBlindness: () => ({
    sql: `SELECT 'performance_schema is off' AS because, 'Set performance_schema=ON for the server and start it anew' AS mend FROM DUAL WHERE NOT @@performance_schema
UNION ALL SELECT 'performance_schema counts no reads of tables',
  'UPDATE performance_schema.setup_instruments SET ENABLED = ''YES'' WHERE NAME = ''${INSTRUMENT}'', and the consumers global_instrumentation and thread_instrumentation likewise'
FROM DUAL WHERE @@performance_schema AND (
  NOT EXISTS (SELECT 1 FROM performance_schema.setup_instruments WHERE NAME = '${INSTRUMENT}' AND ENABLED = 'YES')
  OR (SELECT COUNT(*) FROM performance_schema.setup_consumers WHERE NAME IN ('global_instrumentation', 'thread_instrumentation') AND ENABLED = 'YES') < 2)`,
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
