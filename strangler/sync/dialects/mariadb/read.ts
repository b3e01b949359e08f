import type { TableShape } from '../../../core/sync-words.ts'
import type { PendingPart, Statement, TableColumns, VersionSource } from '../../dialect.ts'
import { writeKeyComparison } from './key-range.ts'
import { readKeyTable } from './key-table.ts'
import { APPLIED, CHANGE_LOG, NEWEST_INDEX, quoteName } from './names.ts'
import { castKeyPart, findColumn, keyColumns, writeCanonicalText, writeKeyText } from './values.ts'

/** Entries looked at for each key wanted: a key that changes often has several. */
const ENTRIES_PER_KEY = 4

/**
 * The log grows and shrinks all the time, so what the server believes to know about it is old, and it would rather read all of a
 * table's entries for each key (acknowledging 500 keys with 6,000 entries: 1 s instead of 25 ms).
 */
const BY_KEY = `FORCE INDEX (${NEWEST_INDEX})`

/** What is left of very many entries of one key is acknowledged when it is sent again. */
const DELETED_AT_ONCE = 20_000

const CHARS = (sql: string) => `CAST(${sql} AS CHAR)`

/**
 * The log is read from its oldest entry, so that the cost follows `limit` and not what is pending; keys that have many entries
 * leave room for fewer others. The row is found by its key's index and then compared with the key's exact text, because a collation
 * finds `A` for `a`.
 */
export function readPending(columns: TableColumns, limit: number, part: PendingPart = {}): Statement {
  const { table } = columns
  const { skip = [], after = '0' } = part
  const others = skip.length === 0 ? '' : `AND \`key\` NOT IN (${skip.map(() => '?').join(', ')})`
  const parts = keyColumns(table).map(
    (column, index) =>
      `r.${quoteName(column.name)} = ${castKeyPart(column, `JSON_VALUE(k.\`key\`, '$[${index}]')`)}`,
  )
  const sql = `SELECT ${CHARS('n.version')} AS version, n.\`key\` AS \`key\`, n.op AS op, ${CHARS('k.oldest')} AS oldest,
  ${CHARS('FLOOR(UNIX_TIMESTAMP(k.at) * 1000)')} AS at,
  n.traceparent AS traceparent, ${presence(table)} AS present${selectCells(columns)}
FROM (
  SELECT w.\`key\`, MIN(w.version) AS oldest, MIN(w.at) AS at,
    (SELECT m.version FROM ${CHANGE_LOG} m ${BY_KEY} WHERE m.tbl = ? AND m.\`key\` = w.\`key\` ORDER BY m.version DESC LIMIT 1) AS newest
  FROM (SELECT version, \`key\`, at FROM ${CHANGE_LOG} FORCE INDEX (PRIMARY) WHERE tbl = ? AND version > CAST(? AS SIGNED) ${others} ORDER BY version LIMIT ${limit * ENTRIES_PER_KEY}) w
  GROUP BY w.\`key\` ORDER BY oldest LIMIT ${limit}
) k
JOIN ${CHANGE_LOG} n ON n.tbl = ? AND n.version = k.newest
LEFT JOIN ${quoteName(table.name)} r ON ${parts.join(' AND ')} AND ${writeKeyText(table, 'r')} = k.\`key\`
ORDER BY k.oldest`
  return { sql, params: [table.name, table.name, after, ...skip, table.name] }
}

export function readWaiting(table: TableShape, limit: number, skip: readonly string[]): Statement {
  const others = skip.length === 0 ? '' : `AND \`key\` NOT IN (${skip.map(() => '?').join(', ')})`
  const sql = `SELECT DISTINCT w.\`key\` AS \`key\` FROM (
  SELECT \`key\` FROM ${CHANGE_LOG} WHERE tbl = ? ${others} LIMIT ${limit * ENTRIES_PER_KEY}) w LIMIT ${limit}`
  return { sql, params: [table.name, ...skip] }
}

/** The order is the database's own: that of the key's collation. */
export function readRange(
  columns: TableColumns,
  afterKey: readonly string[] | undefined,
  limit: number,
  versions: VersionSource = 'pending',
): Statement {
  const { table } = columns
  const order = table.key.map((name) => `r.${quoteName(name)}`).join(', ')
  const after = afterKey === undefined ? undefined : writeKeyComparison(table, '>', afterKey)
  const sql = `SELECT ${writeKeyText(table, 'r')} AS \`key\`, ${selectVersion(versions, writeKeyText(table, 'r'))} AS version${selectCells(columns)}
FROM ${quoteName(table.name)} r ${after === undefined ? '' : `WHERE ${after.sql} `}ORDER BY ${order} LIMIT ${limit}`
  return { sql, params: [table.name, ...(after?.params ?? [])] }
}

export function readKeys(
  columns: TableColumns,
  keys: readonly string[],
  versions: VersionSource = 'pending',
): Statement {
  const { table } = columns
  const wanted = readKeyTable(table, keys)
  const sql = `SELECT k.\`key\` AS \`key\`, ${selectVersion(versions, 'k.`key`')} AS version, ${presence(table)} AS present${selectCells(columns)}
FROM ${wanted.sql} LEFT JOIN ${quoteName(table.name)} r ON ${wanted.matches('r')} ORDER BY k.pos`
  return { sql, params: [table.name, ...wanted.params] }
}

export function readLag(tables: readonly TableShape[]): Statement {
  const marks = tables.map(() => '?').join(', ') || 'NULL'
  const sql = `SELECT ${CHARS('COALESCE(GREATEST(0, FLOOR((UNIX_TIMESTAMP(SYSDATE(6)) - UNIX_TIMESTAMP(MIN(at))) * 1000)), 0)')} AS age_ms,
  ${CHARS('COUNT(*)')} AS entries, ${CHARS('FLOOR(UNIX_TIMESTAMP(MIN(at)) * 1000)')} AS oldest_ms,
  ${CHARS('FLOOR(UNIX_TIMESTAMP(SYSDATE(6)) * 1000)')} AS now_ms
FROM ${CHANGE_LOG} WHERE tbl IN (${marks})`
  return { sql, params: tables.map(({ name }) => name) }
}

export function guessRows(table: TableShape): Statement {
  const sql = `SELECT ${CHARS('COALESCE(table_rows, 0)')} AS guess FROM information_schema.tables WHERE table_schema = ? AND table_name = ?`
  return { sql, params: [table.schema, table.name] }
}

/**
 * First it looks, which locks nothing, and then it deletes what it has seen by its exact place. A DELETE that searches locks whatever it
 * passes, and waits there for transactions of the application that have not committed: one of them would hold up all acknowledgements.
 */
export function deleteAcknowledged(
  acknowledged: readonly { table: string; key: string; version: string }[],
): Statement {
  const sql = `BEGIN NOT ATOMIC
DECLARE found LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
SET STATEMENT group_concat_max_len = 16777216 FOR SELECT GROUP_CONCAT(s.entry) INTO found FROM (
  SELECT JSON_ARRAY(l.tbl, l.version) AS entry FROM JSON_TABLE(?, '$[*]' COLUMNS (
    tbl VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[0]',
    \`key\` TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[1]',
    version BIGINT PATH '$[2]')) a
  STRAIGHT_JOIN ${CHANGE_LOG} l ${BY_KEY} ON l.tbl = a.tbl AND l.\`key\` = a.\`key\` AND l.version <= a.version
  LIMIT ${DELETED_AT_ONCE}) s;
DELETE l FROM JSON_TABLE(CONCAT('[', found, ']'), '$[*]' COLUMNS (
  tbl VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[0]',
  version BIGINT PATH '$[1]')) e
STRAIGHT_JOIN ${CHANGE_LOG} l FORCE INDEX (PRIMARY) ON l.tbl = e.tbl AND l.version = e.version;
END`
  return {
    sql,
    params: [JSON.stringify(acknowledged.map(({ table, key, version }) => [table, key, version]))],
  }
}

function presence(table: TableShape): string {
  return `IF(r.${quoteName(table.key[0]!)} IS NULL, NULL, '1')`
}

function selectCells({ table, columns }: TableColumns): string {
  return columns
    .map((name, index) => {
      const column = findColumn(table, name)
      return `, ${writeCanonicalText(column, `r.${quoteName(name)}`)} AS c${index}`
    })
    .join('')
}

/** One parameter: the table's name. */
function selectVersion(versions: VersionSource, key: string): string {
  if (versions === 'none') return `IF(? IS NULL, '0', '0')`
  return versions === 'pending'
    ? `COALESCE((SELECT ${CHARS('l.version')} FROM ${CHANGE_LOG} l ${BY_KEY} WHERE l.tbl = ? AND l.\`key\` = ${key} ORDER BY l.version DESC LIMIT 1), '0')`
    : `COALESCE((SELECT CONCAT(a.epoch, ':', a.version) FROM ${APPLIED} a WHERE a.tbl = ? AND a.\`key\` = ${key}), '0:0')`
}
