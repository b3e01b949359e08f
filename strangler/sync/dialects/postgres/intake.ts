import type { Statement } from '../../dialect.ts'
import { SCHEMA } from './names.ts'

/** Where the triggers write: without an index, which is a third of what a captured write costs. From here the relay's side moves entries into the log. */
export const INTAKE = `${SCHEMA}.change_intake`

/** Every entry that waits, wherever: an entry is in one of the two places in any snapshot. */
export const CHANGES = `${SCHEMA}.changes`

const COLUMNS = 'version, tbl, key, op, at, role, application, traceparent'

/**
 * What the log's index takes of a key, as it is stored (PostgreSQL compresses it): an index entry ends at 2,704 bytes, with the table's name and the version.
 * A longer one stays here and blocks itself only.
 */
const KEY_BYTES = 2_600
const FITS = `pg_column_size(key) <= ${KEY_BYTES}`

const LOG = `${SCHEMA}.change_log`

/** What a statement about waiting entries reads: all of them, and those of the intake alone. */
interface Places {
  readonly changes: string
  readonly intake: string
}

const BOTH: Places = { changes: CHANGES, intake: INTAKE }

/** The triggers of an older kit write into the log. */
const LOG_ALONE: Places = {
  changes: LOG,
  intake: `(SELECT version, tbl, key FROM ${LOG} WHERE false) AS nowhere`,
}

/** In one statement, hence one snapshot. */
export function overPlaces(write: (places: Places) => string, params: readonly unknown[]): Statement {
  return { sql: write(BOTH), params, older: write(LOG_ALONE) }
}

export function askChanges(write: (changes: string) => string, params: readonly unknown[]): Statement {
  return overPlaces(({ changes }) => write(changes), params)
}

const ownerOf = (table: string) => `(SELECT relowner FROM pg_class WHERE oid = '${table}'::regclass)`

/**
 * Whoever installs a newer kit may be another role than the one that has installed the older: the capture functions stay that one's, write with its rights, and must
 * be able to. Who was let use the log may use what belongs to it.
 */
const LIKE_THE_LOG = `DECLARE
  right_given record;
BEGIN
  IF ${ownerOf(INTAKE)} <> ${ownerOf(LOG)} OR ${ownerOf(CHANGES)} <> ${ownerOf(LOG)} THEN
    EXECUTE format('ALTER TABLE ${INTAKE} OWNER TO %I', pg_get_userbyid(${ownerOf(LOG)}));
    EXECUTE format('ALTER VIEW ${CHANGES} OWNER TO %I', pg_get_userbyid(${ownerOf(LOG)}));
  END IF;
  FOR right_given IN SELECT privilege_type AS what, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS to_whom
    FROM pg_class c, aclexplode(c.relacl) WHERE c.oid = '${LOG}'::regclass AND grantee <> c.relowner
    AND privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
  LOOP
    EXECUTE format('GRANT %s ON ${INTAKE}, ${CHANGES} TO %s', right_given.what, right_given.to_whom);
  END LOOP;
END;`

/**
 * For PL/pgSQL. A publication of all tables lets nobody delete where rows have no identity. Locks the log while it makes them, since two may come at once; and
 * nothing where both are there.
 */
export const CREATE_INTAKE = `IF to_regclass('${CHANGES}') IS NULL THEN
  LOCK TABLE ${LOG} IN SHARE UPDATE EXCLUSIVE MODE;
  CREATE TABLE IF NOT EXISTS ${INTAKE} (
    version bigint NOT NULL,
    tbl text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    op text NOT NULL,
    at timestamptz NOT NULL,
    role text NOT NULL,
    application text NOT NULL,
    traceparent text
  ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000);
  ALTER TABLE ${INTAKE} REPLICA IDENTITY FULL;
  CREATE OR REPLACE VIEW ${CHANGES} AS
  SELECT ${COLUMNS}, coalesce(writer_xid, xmin) AS writer_xid FROM ${LOG}
  UNION ALL SELECT ${COLUMNS}, xmin FROM ${INTAKE};
  ${LIKE_THE_LOG}
END IF;`

/** There is none behind it in any table. */
const LAST_BLOCK = 2 ** 32 - 1

/**
 * Moves entries into the log, those in the `blocks` from the block `from` on: before it may lie as many dead ones as there were live ones in a backlog. Returns how
 * many were `moved`, the last `block` of them, and the block at which the place `ends`.
 *
 * Nobody updates an entry, so a place keeps its entry while a snapshot that has seen it lasts. Two that move at once wait for each other in the order of the places, and
 * what one has moved the other finds gone. The commit is not waited for: a crash that loses it puts the entries back, and whatever followed, such as their
 * acknowledgement, stands behind it in the server's log and is lost with it.
 */
export function moveIntake(from: number, most: number, blocks: number = LAST_BLOCK): Statement {
  const place = (block: number) => `(${Math.min(LAST_BLOCK, Math.trunc(block))},0)`
  return {
    sql: `WITH unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
moved AS (
  DELETE FROM ${INTAKE} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${INTAKE} WHERE ctid >= $1::pg_catalog.tid AND ctid < $2::pg_catalog.tid AND ${FITS} LIMIT $3))
  RETURNING (ctid::pg_catalog.text::pg_catalog.point)[0]::bigint AS block, ${COLUMNS}, xmin AS writer_xid
), kept AS (
  INSERT INTO ${LOG} (${COLUMNS}, writer_xid) SELECT ${COLUMNS}, writer_xid FROM moved
)
SELECT (SELECT count(*) FROM moved)::text AS moved, (SELECT max(block) FROM moved)::text AS block,
  (pg_relation_size('${INTAKE}') / current_setting('block_size')::bigint)::text AS ends FROM unhurried`,
    params: [place(from), place(from + blocks), Math.trunc(most)],
  }
}

/** Makes room where entries have been. Never shortens the file, for which writers would have to wait; autovacuum does when nobody writes. */
export const cleanIntake: Statement = { sql: `VACUUM (SKIP_LOCKED, TRUNCATE false) ${INTAKE}`, params: [] }

/** `tbl, key` (its beginning) of entries that no index takes. */
export const readUnmovable: Statement = {
  sql: `SELECT tbl, left(key, 60) AS key FROM ${INTAKE} WHERE NOT (${FITS}) LIMIT 5`,
  params: [],
}

export const intake = { move: moveIntake, clean: cleanIntake, readUnmovable }
