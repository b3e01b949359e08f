import type { Statement } from '../../dialect.ts'

/** Rows are counted as written only where the performance schema is on, which it is not by default. */
export function readActivity(schema: string): Statement {
  return {
    sql: `SELECT t.TABLE_NAME AS tbl, CAST(t.TABLE_ROWS AS CHAR) AS row_count,
  IF(@@performance_schema, CAST(COALESCE(p.COUNT_WRITE, 0) AS CHAR), NULL) AS writes
FROM information_schema.TABLES t
LEFT JOIN performance_schema.table_io_waits_summary_by_table p ON p.OBJECT_SCHEMA = t.TABLE_SCHEMA AND p.OBJECT_NAME = t.TABLE_NAME
WHERE t.TABLE_SCHEMA = ? AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY 1`,
    params: [schema],
  }
}

export function readSessions(): Statement {
  return {
    sql: `SELECT DISTINCT USER AS role, '' AS application FROM information_schema.PROCESSLIST
WHERE DB = DATABASE() AND ID <> CONNECTION_ID() ORDER BY 1 LIMIT 100`,
    params: [],
  }
}
