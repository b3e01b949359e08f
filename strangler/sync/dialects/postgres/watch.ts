import type { TableShape } from '../../../core/sync-words.ts'
import type { WatchDialect } from '../../watch.ts'
import { CAPTURE_TRIGGERS } from './capture.ts'
import { GUARD_TRIGGERS } from './guards.ts'
import { INTAKE } from './intake.ts'
import { SCHEMA, tableName } from './names.ts'

const named = (tables: readonly TableShape[], triggers: readonly string[]) =>
  tables.flatMap((table) => triggers.map((name) => ({ table: table.name, name })))

export const watch = {
  captureTriggers: (tables) => named(tables, CAPTURE_TRIGGERS),
  guardTriggers: (tables, mode) => named(tables, GUARD_TRIGGERS[mode]),
  readTriggers: (tables) => ({
    sql: `SELECT c.relname AS tbl, t.tgname AS name, (t.tgenabled = 'A')::text AS fires
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE t.tgrelid IN (SELECT to_regclass(u) FROM unnest($1::text[]) u) AND t.tgname LIKE 'strangler\\_%'`,
    params: [tables.map(tableName)],
  }),
  // Partitions count for their table. Rolled back changes count on both sides. What was moved into the log counts once: triggers of an older kit write there.
  readCounters: (tables) => ({
    sql: `SELECT r.name AS tbl, sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del)::text AS changed, NULL AS direct
FROM (SELECT to_regclass(u) AS oid, n.name FROM unnest($1::text[], $2::text[]) AS n(u, name)) r
CROSS JOIN LATERAL (SELECT relid FROM pg_partition_tree(r.oid) UNION SELECT r.oid) p
JOIN pg_stat_user_tables s ON s.relid = p.relid GROUP BY r.name
UNION ALL SELECT NULL, (coalesce(i.n_tup_ins, 0) + d.direct)::text, d.direct::text
FROM pg_stat_user_tables s LEFT JOIN pg_stat_user_tables i ON i.relid = to_regclass('${INTAKE}')
CROSS JOIN LATERAL (SELECT s.n_tup_ins - coalesce(i.n_tup_del, 0) AS direct) d WHERE s.relid = to_regclass('${SCHEMA}.change_log')`,
    params: [tables.map(tableName), tables.map(({ name }) => name)],
  }),
  unwatched: ['TRUNCATE, DROP or DETACH of a single partition'],
} satisfies WatchDialect
