import type { Statement } from '../../dialect.ts'
import type { TablesPlace } from '../../survey.ts'
import { askChanges } from './intake.ts'
import { SCHEMA } from './names.ts'

/** An application may put a number into its name: what is beyond as many is one more writer of many. */
const MOST_WRITERS = 1_000

/** Who has written what, from log entries that are gone. Only the relay's side writes here, so no trigger ever waits for it. */
export const CREATE_WRITER = `CREATE TABLE IF NOT EXISTS ${SCHEMA}.writer (
  tbl text COLLATE "C" NOT NULL,
  role text COLLATE "C" NOT NULL,
  application text COLLATE "C" NOT NULL,
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  changes bigint NOT NULL,
  PRIMARY KEY (tbl, role, application)
)`

/** Goes with the deleting of entries, `gone`, in one statement: what a writer did is in one of the two places. */
export const KEEP_WRITERS = `INSERT INTO ${SCHEMA}.writer AS w (tbl, role, application, first_seen, last_seen, changes)
SELECT g.tbl, g.role, g.application, min(g.at), max(g.at), count(*) FROM gone g
WHERE (SELECT count(*) FROM ${SCHEMA}.writer) < ${MOST_WRITERS}
  OR EXISTS (SELECT FROM ${SCHEMA}.writer k WHERE k.tbl = g.tbl AND k.role = g.role AND k.application = g.application)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
ON CONFLICT (tbl, role, application) DO UPDATE SET last_seen = greatest(w.last_seen, excluded.last_seen), changes = w.changes + excluded.changes`

/** `role, application, tables, last, changes`, of entries that wait and of those that are gone. Not the kit, whose applied changes have caused others. */
export function readWriters(tables: readonly string[]): Statement {
  return askChanges(
    (
      changes,
    ) => `SELECT role, application, string_agg(DISTINCT tbl, ', ') AS tables, sum(changes)::text AS changes,
  to_char(max(last_seen) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS last
FROM (
  SELECT tbl, role, application, last_seen, changes FROM ${SCHEMA}.writer WHERE tbl = ANY($1::text[])
  UNION ALL SELECT tbl, role, application, at, 1 FROM ${changes} WHERE tbl = ANY($1::text[]) AND role <> ''
) seen WHERE application <> 'strangler-sync' GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 100`,
    [[...tables]],
  )
}

export function tellsCoupled(): Statement {
  return { sql: `SELECT '1' AS tells`, params: [] }
}

/** Whoever changes rows holds ROW EXCLUSIVE on the table until its transaction ends; a foreign key's check and FOR UPDATE hold less. */
export function readCoupled({ schema, tables }: TablesPlace): Statement {
  return {
    sql: `SELECT c.relname AS tbl, o.relname AS other, coalesce(max(a.application_name), '') AS application
FROM pg_locks l
JOIN pg_class c ON c.oid = l.relation AND c.relname = ANY($2::text[]) AND c.relnamespace = to_regnamespace(quote_ident($1))
JOIN pg_locks m ON m.pid = l.pid AND m.locktype = 'relation' AND m.mode = 'RowExclusiveLock' AND m.granted AND m.database = l.database
JOIN pg_class o ON o.oid = m.relation AND o.relkind IN ('r', 'p') AND NOT (o.relnamespace = c.relnamespace AND o.relname = ANY($2::text[]))
JOIN pg_namespace n ON n.oid = o.relnamespace AND n.nspname NOT IN ('pg_catalog', '${SCHEMA}')
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.granted AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND coalesce(a.application_name, '') <> 'strangler-sync'
GROUP BY 1, 2, l.pid ORDER BY 1, 2 LIMIT 100`,
    params: [schema, [...tables]],
  }
}
