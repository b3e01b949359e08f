import type { Statement } from '../../dialect.ts'
import type { TablesPlace } from '../../survey.ts'
import { CHANGE_LOG, DDL, KEY_CHARACTERS, NEWEST_INDEX, WRITER } from './names.ts'

/** A user's name has the host it comes from: `shop@10.0.0.7`. What is beyond as many is one more writer of many. */
const MOST_WRITERS = 1_000

export const CREATE_WRITER = `${DDL} CREATE TABLE IF NOT EXISTS ${WRITER} (
  tbl VARCHAR(64) NOT NULL,
  role VARCHAR(300) NOT NULL,
  first_seen TIMESTAMP(6) NULL,
  last_seen TIMESTAMP(6) NULL,
  changes BIGINT NOT NULL,
  PRIMARY KEY (tbl, role)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`

/**
 * Before the entries are deleted: a DELETE returns nothing here that could be inserted. When the two are torn apart some changes count twice.
 * Reading for an INSERT locks nothing under READ COMMITTED.
 */
export function keepWriters(
  acknowledged: readonly { table: string; key: string; version: string }[],
): Statement {
  return {
    sql: `INSERT INTO ${WRITER} (tbl, role, first_seen, last_seen, changes)
SELECT s.tbl, s.role, s.first_seen, s.last_seen, s.changes FROM (
  SELECT l.tbl, l.role, MIN(l.at) AS first_seen, MAX(l.at) AS last_seen, COUNT(*) AS changes FROM JSON_TABLE(?, '$[*]' COLUMNS (
    tbl VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[0]',
    \`key\` VARCHAR(${KEY_CHARACTERS}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[1]',
    version BIGINT PATH '$[2]')) a
  JOIN ${CHANGE_LOG} l FORCE INDEX (${NEWEST_INDEX}) ON l.tbl = a.tbl AND l.\`key\` = a.\`key\` AND l.version <= a.version
  GROUP BY l.tbl, l.role ORDER BY l.tbl, l.role
) s WHERE (SELECT COUNT(*) FROM ${WRITER}) < ${MOST_WRITERS} OR EXISTS (SELECT 1 FROM ${WRITER} k WHERE k.tbl = s.tbl AND k.role = s.role)
ON DUPLICATE KEY UPDATE last_seen = GREATEST(${WRITER}.last_seen, VALUES(last_seen)), changes = ${WRITER}.changes + VALUES(changes)`,
    params: [JSON.stringify(acknowledged.map(({ table, key, version }) => [table, key, version]))],
  }
}

/** `role, application, tables, last, changes`; MariaDB tells a trigger nothing of the application. */
export function readWriters(tables: readonly string[]): Statement {
  const marks = tables.map(() => '?').join(', ') || 'NULL'
  return {
    sql: `SELECT role, '' AS application, GROUP_CONCAT(DISTINCT tbl ORDER BY tbl SEPARATOR ', ') AS tables, CAST(SUM(changes) AS CHAR) AS changes,
  DATE_FORMAT(MAX(last_seen), '%Y-%m-%dT%H:%i:%sZ') AS last
FROM (
  SELECT tbl, role, last_seen, changes FROM ${WRITER} WHERE tbl IN (${marks})
  UNION ALL SELECT tbl, role, at, 1 FROM ${CHANGE_LOG} WHERE tbl IN (${marks})
) seen WHERE role <> '' GROUP BY role ORDER BY role LIMIT 100`,
    params: [...tables, ...tables],
  }
}

/** A plugin that comes with the server, and that somebody has to switch on: INSTALL SONAME 'metadata_lock_info'. */
export function tellsCoupled(): Statement {
  return {
    sql: `SELECT '1' AS tells FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'METADATA_LOCK_INFO' AND PLUGIN_STATUS = 'ACTIVE'`,
    params: [],
  }
}

/** Whoever changes rows holds SHARED WRITE on the table until its transaction ends; FOR UPDATE does too, and relies on both sides as much. */
export function readCoupled({ schema, tables }: TablesPlace): Statement {
  const marks = tables.map(() => '?').join(', ') || 'NULL'
  return {
    sql: `SELECT l.TABLE_NAME AS tbl, o.TABLE_NAME AS other, COALESCE(MAX(p.USER), '') AS application
FROM information_schema.METADATA_LOCK_INFO l
JOIN information_schema.METADATA_LOCK_INFO o ON o.THREAD_ID = l.THREAD_ID AND o.LOCK_MODE = 'MDL_SHARED_WRITE'
LEFT JOIN information_schema.PROCESSLIST p ON p.ID = l.THREAD_ID
WHERE l.LOCK_MODE = 'MDL_SHARED_WRITE' AND l.TABLE_SCHEMA = ? AND l.TABLE_NAME IN (${marks}) AND l.THREAD_ID <> CONNECTION_ID()
  AND NOT (o.TABLE_SCHEMA = l.TABLE_SCHEMA AND o.TABLE_NAME IN (${marks})) AND o.TABLE_NAME NOT LIKE 'strangler\\_%' AND o.TABLE_NAME <> ''
GROUP BY l.TABLE_NAME, o.TABLE_NAME, l.THREAD_ID ORDER BY 1, 2 LIMIT 100`,
    params: [schema, ...tables, ...tables],
  }
}
