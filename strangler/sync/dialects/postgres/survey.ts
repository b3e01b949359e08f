import { countOf } from '../../../core/count-of.ts'
import type { Statement } from '../../dialect.ts'
import type { Probe, SurveyDialect, TablesPlace } from '../../survey.ts'
import { TABLES } from './catalogue.ts'
import { CHANGES } from './intake.ts'
import { SCHEMA } from './names.ts'
import { privilegeProbes } from './privileges.ts'

const aboutTables = (sql: string) => (place: TablesPlace) => ({ sql, params: [place.schema, place.tables] })
const once = (sql: string): Statement => ({ sql, params: [] })

const serverProbes: readonly Probe[] = [
  {
    code: 'VERSION_TOO_OLD',
    on: 'both',
    statement: once(
      `SELECT current_setting('server_version') AS version WHERE current_setting('server_version_num')::int < 130000`,
    ),
    tell: (row) => ({
      reason: `the server is PostgreSQL ${row['version']}, and 13 is the oldest that will do`,
    }),
  },
  {
    code: 'NOT_PRIMARY',
    on: 'both',
    statement: once(`SELECT 'is a standby' AS state WHERE pg_is_in_recovery()
UNION ALL SELECT 'is read-only by default' WHERE NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only')::boolean`),
    tell: (row) => ({ reason: `the server ${row['state']}` }),
  },
  {
    code: 'MULTI_PRIMARY',
    on: 'both',
    statement: once(`SELECT extname AS name FROM pg_extension WHERE extname IN ('bdr', 'spock')`),
    tell: (row) => ({
      reason: `the extension ${row['name']} is installed, which lets several servers take writes`,
    }),
  },
  {
    code: 'MULTI_PRIMARY',
    on: 'both',
    statement: aboutTables(
      `SELECT c.relname AS tbl FROM ${TABLES} JOIN pg_subscription_rel s ON s.srrelid = c.oid`,
    ),
    tell: (row) => ({
      table: row['tbl'] ?? '',
      reason: `${row['tbl']} is filled by a subscription from another server`,
    }),
  },
  {
    code: 'SCHEDULED_JOBS',
    on: 'both',
    statement: once(`SELECT FROM pg_extension WHERE extname = 'pg_cron'`),
    tell: () => ({ reason: 'pg_cron is installed: its jobs may write to these tables' }),
  },
  {
    code: 'REPLICA_ROLE_USED',
    on: 'both',
    statement: once(`SELECT coalesce('the role ' || r.rolname, 'the database') AS whose
FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  AND EXISTS (SELECT FROM unnest(s.setconfig) u WHERE u LIKE 'session_replication_role=%')`),
    tell: (row) => ({ reason: `${row['whose']} has session_replication_role set` }),
  },
  {
    code: 'LASTVAL_USED',
    on: 'both',
    statement:
      once(`SELECT p.oid::regproc::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', '${SCHEMA}') AND p.prosrc ~* '\\mlastval\\s*\\(' ORDER BY 1 LIMIT 10`),
    tell: (row) => ({ reason: `the function ${row['name']} uses lastval()` }),
  },
  {
    code: 'LASTVAL_USED',
    on: 'source',
    when: once(`SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'`),
    statement: once(
      `SELECT left(query, 100) AS query FROM pg_stat_statements WHERE query ~* '\\mlastval\\s*\\(' LIMIT 5`,
    ),
    tell: (row) => ({ reason: `a statement uses lastval(): ${row['query']}` }),
  },
]

const tableProbes: readonly Probe[] = [
  {
    code: 'ROW_SECURITY',
    on: 'both',
    statement: aboutTables(
      `SELECT c.relname AS tbl, quote_ident(current_user) AS me FROM ${TABLES} WHERE row_security_active(c.oid)`,
    ),
    tell: (row) => ({
      table: row['tbl'] ?? '',
      reason: `row-level security of ${row['tbl']} applies to the kit's user ${row['me']}`,
      mend: `ALTER ROLE ${row['me']} BYPASSRLS.`,
    }),
  },
  {
    code: 'UNLOGGED',
    on: 'both',
    statement: aboutTables(`SELECT c.relname AS tbl FROM ${TABLES} WHERE c.relpersistence = 'u'`),
    tell: (row) => ({
      table: row['tbl'] ?? '',
      reason: `${row['tbl']} is UNLOGGED`,
      mend: `ALTER TABLE ${row['tbl']} SET LOGGED.`,
    }),
  },
  {
    code: 'INHERITED',
    on: 'both',
    statement: aboutTables(`SELECT c.relname AS tbl, i.inhrelid::regclass::text AS child FROM ${TABLES}
JOIN pg_inherits i ON i.inhparent = c.oid WHERE c.relkind = 'r'`),
    tell: (row) => ({ table: row['tbl'] ?? '', reason: `${row['child']} inherits from ${row['tbl']}` }),
  },
  {
    code: 'PARTITIONED',
    on: 'both',
    statement:
      aboutTables(`SELECT c.relname AS tbl, CASE WHEN c.relispartition THEN 'a partition' ELSE 'partitioned' END AS how
FROM ${TABLES} WHERE c.relkind = 'p' OR c.relispartition`),
    tell: (row) => ({ table: row['tbl'] ?? '', reason: `${row['tbl']} is ${row['how']}` }),
  },
  ...(['source', 'target'] as const).map(
    (on): Probe => ({
      code: on === 'source' ? 'RULE' : 'RULE_ON_TARGET',
      on,
      statement: aboutTables(`SELECT c.relname AS tbl, r.rulename AS name FROM ${TABLES}
JOIN pg_rewrite r ON r.ev_class = c.oid AND r.ev_type <> '1'`),
      tell: (row) => ({ table: row['tbl'] ?? '', reason: `${row['tbl']} has the rule ${row['name']}` }),
    }),
  ),
  ...(['source', 'target'] as const).map(
    (on): Probe => ({
      code: on === 'source' ? 'TRIGGER_ON_SOURCE' : 'TRIGGER_ON_TARGET',
      on,
      statement: aboutTables(`SELECT c.relname AS tbl, t.tgname AS name FROM ${TABLES}
JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgenabled <> 'D'
WHERE t.tgname NOT LIKE 'strangler\\_%' ORDER BY 1, 2`),
      tell: (row) => ({ table: row['tbl'] ?? '', reason: `${row['tbl']} has the trigger ${row['name']}` }),
    }),
  ),
  {
    // The log's own rows carry their transaction: what waits there now shows who travels together, at no price.
    code: 'COUPLED_TRANSACTIONS',
    on: 'source',
    when: once(`SELECT WHERE to_regclass('${CHANGES}') IS NOT NULL`),
    statement: ({ tables }) => ({
      sql: `SELECT l.tbl, o.tbl AS other, count(DISTINCT l.writer_xid::text)::text AS times
FROM (SELECT DISTINCT tbl, writer_xid FROM ${CHANGES} WHERE tbl = ANY($1::text[])) l
JOIN (SELECT DISTINCT tbl, writer_xid FROM ${CHANGES} WHERE tbl <> ALL($1::text[])) o ON o.writer_xid = l.writer_xid
GROUP BY 1, 2 ORDER BY count(DISTINCT l.writer_xid::text) DESC LIMIT 20`,
      params: [tables],
    }),
    tell: (row) => ({
      table: row['tbl'] ?? '',
      reason: `of the changes that wait in the log, ${countOf(Number(row['times']), 'transaction has', 'transactions have')} changed ${row['tbl']} and ${row['other']}`,
    }),
  },
]

export const survey = {
  probes: [...serverProbes, ...privilegeProbes, ...tableProbes],
  readClock: once(`SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS now_ms`),
  readLoad: once(`SELECT count(*)::text AS active FROM pg_stat_activity
WHERE state = 'active' AND backend_type = 'client backend' AND application_name <> 'strangler-sync'`),
  readRequired: aboutTables(`SELECT c.relname AS tbl, a.attname AS name FROM ${TABLES}
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND a.attgenerated = '' ORDER BY 1, a.attnum`),
  readIdentities: aboutTables(`SELECT c.relname AS tbl, a.attname AS name, s.last_value::text AS last,
  least(s.max_value, CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 ELSE s.max_value END)::text AS largest
FROM ${TABLES}
JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
JOIN pg_class q ON q.oid = d.objid AND q.relkind = 'S'
JOIN pg_sequences s ON s.schemaname = q.relnamespace::regnamespace::text AND s.sequencename = q.relname ORDER BY 1, 2`),
  readReferring:
    aboutTables(`SELECT CASE WHEN o.relnamespace = c.relnamespace THEN o.relname ELSE f.conrelid::regclass::text END AS tbl,
  f.conname AS name, c.relname AS referenced,
  CASE f.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END AS on_delete,
  CASE f.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END AS on_update
FROM ${TABLES} JOIN pg_constraint f ON f.confrelid = c.oid AND f.contype = 'f' AND f.conparentid = 0
JOIN pg_class o ON o.oid = f.conrelid
WHERE NOT (o.relnamespace = c.relnamespace AND o.relname = ANY($2::text[])) ORDER BY 1, 2`),
} satisfies SurveyDialect
