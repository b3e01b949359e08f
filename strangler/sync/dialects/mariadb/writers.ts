import type { Statement } from '../../dialect.ts'
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
  UNION ALL SELECT tbl, role, at, 1 FROM ${CHANGE_LOG} WHERE tbl IN (${marks}) AND role <> ''
) seen GROUP BY role ORDER BY role LIMIT 100`,
    params: [...tables, ...tables],
  }
}
