import type { ReadsDialect } from '../../reads.ts'
import { quoteName, SCHEMA, schemaUp } from './names.ts'

const OWN = `${SCHEMA}.own_read`
/** No table has this oid. */
const LOST = 0

/** With its partitions and their indexes. A foreign key that is checked reads, too. */
const scansOf = (relation: string, scans: string) => `(SELECT sum(${scans}(p.relid) + coalesce(
    (SELECT sum(${scans}(i.indexrelid)) FROM pg_index i WHERE i.indrelid = p.relid), 0))
  FROM (SELECT relid FROM pg_partition_tree(${relation}) UNION SELECT ${relation}) p(relid))::bigint`

/** Of the tables that the kit guards here: they are the ones that the other side owns. What a session has not told the server yet, besides. */
const OWN_SCANS = `SELECT c.oid AS relid, ${scansOf('c.oid', 'pg_stat_get_xact_numscans')} AS reads
FROM pg_class c WHERE c.oid IN (SELECT tgrelid FROM pg_trigger WHERE tgname IN ('strangler_guard_reject', 'strangler_guard_report'))`

export const createOwnRead = `CREATE TABLE IF NOT EXISTS ${OWN} (relid oid PRIMARY KEY, reads bigint NOT NULL)`

const add = (values: string) =>
  `INSERT INTO ${OWN} AS o (relid, reads) ${values} ON CONFLICT (relid) DO UPDATE SET reads = o.reads + excluded.reads`

export const reads = {
  // Earlier ones tell their counters when they see fit: the kit's own would come late, and look like somebody else's.
  findBlindness: () => ({
    sql: `SELECT 'PostgreSQL counts with delay before version 15' AS because, 'Upgrade it' AS mend
WHERE current_setting('server_version_num')::int < 150000
UNION ALL SELECT 'track_counts is off', 'Switch track_counts on' WHERE NOT current_setting('track_counts')::boolean`,
    params: [],
  }),
  // A crash that the postmaster survives throws the counters away, and leaves its mark at the background writer's only.
  readSince: () => ({
    sql: `SELECT concat_ws(' ', extract(epoch FROM pg_postmaster_start_time()),
  (SELECT coalesce(extract(epoch FROM stats_reset)::text, '-') FROM pg_stat_database WHERE datname = current_database()),
  (SELECT coalesce(extract(epoch FROM stats_reset)::text, '-') FROM pg_stat_bgwriter)) AS since`,
    params: [],
  }),
  up: () => [...schemaUp(), createOwnRead],
  countReads: ({ schema, tables }) => ({
    sql: `SELECT n.name AS tbl, coalesce(${scansOf('c.oid', 'pg_stat_get_numscans')}, 0)::text AS reads, coalesce(o.reads, 0)::text AS own
FROM unnest($1::text[], $2::text[]) AS n(place, name) JOIN pg_class c ON c.oid = to_regclass(n.place) LEFT JOIN ${OWN} o ON o.relid = c.oid
UNION ALL SELECT NULL, '0', coalesce((SELECT reads FROM ${OWN} WHERE relid = ${LOST}), 0)::text`,
    params: [tables.map((name) => `${quoteName(schema)}.${quoteName(name)}`), [...tables]],
  }),
  beginOwn: () => ({
    sql: `SELECT jsonb_object_agg(relid, reads)::text AS before FROM (${OWN_SCANS}) s WHERE to_regclass('${OWN}') IS NOT NULL`,
    params: [],
  }),
  // In one order, so that nobody waits in a circle. Told to the server at once, so that neither number is ahead of the other for long.
  endOwn: (before) => ({
    sql: `${add(`SELECT relid, grown FROM (
  SELECT relid, reads - coalesce(($1::jsonb ->> relid::text)::bigint, 0) AS grown FROM (${OWN_SCANS}) s
) g WHERE grown > 0 ORDER BY relid`)} RETURNING pg_stat_force_next_flush()::text`,
    params: [before],
  }),
  loseCount: () => ({ sql: add(`SELECT ${LOST}, 1 WHERE to_regclass('${OWN}') IS NOT NULL`), params: [] }),
  // An idle session shows its newest statement. Its text stays here: there may be anything in it.
  readReaders: (tables) => ({
    sql: `SELECT DISTINCT coalesce(usename, '') AS role, application_name AS application FROM pg_stat_activity
WHERE datname = current_database() AND application_name <> 'strangler-sync' AND pid <> pg_backend_pid()
  AND EXISTS (SELECT FROM unnest($1::text[]) t WHERE strpos(query, t) > 0) ORDER BY 1, 2 LIMIT 5`,
    params: [[...tables]],
  }),
} satisfies ReadsDialect
