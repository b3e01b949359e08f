import type { Statement } from '../../dialect.ts'

export function readActivity(schema: string): Statement {
  return {
    sql: `SELECT relname AS tbl, n_live_tup::text AS row_count, (n_tup_ins + n_tup_upd + n_tup_del)::text AS writes
FROM pg_stat_user_tables WHERE schemaname = $1 ORDER BY 1`,
    params: [schema],
  }
}

export function readSessions(): Statement {
  return {
    sql: `SELECT DISTINCT usename AS role, coalesce(application_name, '') AS application FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> 'strangler-sync' ORDER BY 1, 2 LIMIT 100`,
    params: [],
  }
}
