import type { ChangeEntry, ColumnShape, TableShape } from '../../../core/sync-words.ts'
import { writeMarker } from '../../apply-marker.ts'
import type { Statement, TableColumns } from '../../dialect.ts'
import { exactCheck } from '../../exact-text.ts'
import { readKeyTable } from './key-table.ts'
import { APPLIED, FLOOR, quoteName, quoteText } from './names.ts'
import { writeParameter, writePlaceholder } from './parameters.ts'
import { findColumn, keyColumns, writeKeyText } from './values.ts'

/**
 * Session variables outlive the transaction, so these connections do nothing but apply. Foreign keys are not checked:
 * MariaDB cannot put it off to the end, rows come in any order, the source has checked them, and a cascade here would run ahead of
 * the changes that it caused there.
 */
export function beginApply(tables: readonly string[]): Statement[] {
  const marker = quoteText(writeMarker(tables))
  return [{ sql: `SET @strangler_apply = ${marker}, SESSION foreign_key_checks = 0`, params: [] }]
}

/** As a dry run of the service, but by the kit: behind the guards, and never committed. */
export function beginTrial(): Statement[] {
  return [{ sql: 'SET @strangler_apply = NULL, @strangler_dry_run = 1', params: [] }]
}

/** The variables outlive the transaction, and each of them opens the guards. */
export function endTrial(): Statement[] {
  return [
    {
      sql: 'SET @strangler_apply = NULL, @strangler_dry_run = NULL, SESSION foreign_key_checks = 1',
      params: [],
    },
  ]
}

/** Written with the table's name, as the SELECT of an INSERT has columns of the same names. */
function isNewer(table: string): string {
  return `(VALUES(epoch) > ${table}.epoch OR (VALUES(epoch) = ${table}.epoch AND VALUES(version) > ${table}.version))`
}

const ENTRIES = `JSON_TABLE(?, '$[*]' COLUMNS (
  tbl VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[0]',
  \`key\` TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[1]',
  version BIGINT PATH '$[2]', deleted TINYINT PATH '$[3]')) e`

function taken(column: string): string {
  return `${APPLIED}.${column} = IF(${APPLIED}.claim = VALUES(claim), VALUES(${column}), ${APPLIED}.${column})`
}

/**
 * An upsert returns nothing, so it marks what it wins with a number of its own, and the last statement reads that. The lines of the floor are locked (shared) first: a TRUNCATE waits for those who have read the old floor.
 */
export function claim(entries: readonly ChangeEntry[], epoch: number): Statement[] {
  const claimed = takeNewest(entries.filter(({ truncate }) => truncate !== true))
  if (claimed.length === 0) return []
  const tables = [...new Set(claimed.map(({ table }) => table))].sort()
  const list = JSON.stringify(
    claimed.map(({ table, key, version, row }) => [table, key, version, row === null ? '1' : '0']),
  )
  return [
    { sql: `INSERT IGNORE INTO ${FLOOR} (tbl) VALUES ${tables.map(() => '(?)').join(', ')}`, params: tables },
    { sql: 'SET @strangler_claim = UUID_SHORT()', params: [] },
    {
      // Assignments happen from left to right: once `claim` is set, it says which rows are taken.
      sql: `INSERT INTO ${APPLIED} (tbl, \`key\`, epoch, version, deleted, claim)
SELECT e.tbl, e.\`key\`, ?, e.version, e.deleted, @strangler_claim FROM ${ENTRIES} JOIN ${FLOOR} f ON f.tbl = e.tbl
WHERE ? > f.epoch OR (? = f.epoch AND e.version > f.version) ORDER BY e.tbl, e.\`key\`
ON DUPLICATE KEY UPDATE ${APPLIED}.claim = IF(${isNewer(APPLIED)}, VALUES(claim), ${APPLIED}.claim),
  ${taken('epoch')}, ${taken('version')}, ${taken('deleted')}`,
      params: [epoch, list, epoch, epoch],
    },
    {
      sql: `SELECT DISTINCT a.tbl AS tbl, a.\`key\` AS \`key\` FROM ${ENTRIES} JOIN ${APPLIED} a ON a.tbl = e.tbl AND a.\`key\` = e.\`key\`
WHERE a.claim = @strangler_claim`,
      params: [list],
    },
  ]
}

/**
 * By the table's key only. ON DUPLICATE KEY UPDATE takes any unique key for a match, and would overwrite another row: when the
 * row it has found has another key, a subquery with two results fails the statement (error 1242). An assignment of NULL would not do:
 * an AUTO_INCREMENT column turns it into 0. Texts are compared byte by byte, as `a` is not the row `A`.
 */
export function upsert({ table, columns }: TableColumns, rows: readonly ChangeEntry[]): Statement {
  const written = columns
    .map((name, index) => ({ column: findColumn(table, name), index }))
    .filter(({ column }) => !column.generated)
    .map((cell) => ({ ...cell, check: exactCheck(cell.column) }))
  const line = `(${written.map(({ column }) => writePlaceholder(column)).join(', ')})`
  const present = takeNewest(rows.filter(({ row }) => row !== null))
  const sql = `INSERT INTO ${quoteName(table.name)} (${written.map(({ column }) => quoteName(column.name)).join(', ')})
VALUES ${present.map(() => line).join(', ')}
ON DUPLICATE KEY UPDATE ${writeAssignments(
    table,
    written.map(({ column }) => column),
  ).join(', ')}`
  const params = present.flatMap(({ row }) =>
    written.map(({ column, index, check }) => {
      const text = row?.[index] ?? null
      check?.(text)
      return writeParameter(column, text)
    }),
  )
  return { sql, params }
}

/** A key that comes twice counts with its newest version. */
function takeNewest(rows: readonly ChangeEntry[]): ChangeEntry[] {
  const newest = new Map<string, ChangeEntry>()
  for (const entry of rows) {
    const name = `${entry.table} ${entry.key}`
    const other = newest.get(name)
    if (other === undefined || BigInt(other.version) < BigInt(entry.version)) newest.set(name, entry)
  }
  return [...newest.values()]
}

function writeAssignments(table: TableShape, written: readonly ColumnShape[]): string[] {
  const own = (name: string) => `${quoteName(table.name)}.${quoteName(name)}`
  const same = keyColumns(table).map(({ name, collation }) =>
    collation === undefined
      ? `${own(name)} <=> VALUES(${quoteName(name)})`
      : `CAST(${own(name)} AS BINARY) <=> CAST(VALUES(${quoteName(name)}) AS BINARY)`,
  )
  const [first = ''] = table.key
  const checked = `${quoteName(first)} = IF(${same.join(' AND ')}, VALUES(${quoteName(first)}), (SELECT ${own(first)} UNION ALL SELECT ${own(first)}))`
  const others = written.filter(({ name }) => !table.key.includes(name))
  return [checked, ...others.map(({ name }) => `${quoteName(name)} = VALUES(${quoteName(name)})`)]
}

export function deleteRows(table: TableShape, keys: readonly string[]): Statement {
  const wanted = readKeyTable(table, keys)
  return {
    sql: `DELETE r FROM ${wanted.sql} JOIN ${quoteName(table.name)} r ON ${wanted.matches('r')}`,
    params: wanted.params,
  }
}

/** Raises the floor, then deletes rows and tombstones that are not newer. */
export function truncate(table: TableShape, entry: ChangeEntry, epoch: number): Statement[] {
  const newer = '(a.epoch > ? OR (a.epoch = ? AND a.version > ?))'
  const than = [epoch, epoch, entry.version]
  return [
    {
      sql: `INSERT INTO ${FLOOR} (tbl, epoch, version) VALUES (?, ?, ?)
ON DUPLICATE KEY UPDATE version = IF(${isNewer(FLOOR)}, VALUES(version), version), epoch = GREATEST(epoch, VALUES(epoch))`,
      params: [table.name, epoch, entry.version],
    },
    {
      sql: `DELETE r FROM ${quoteName(table.name)} r LEFT JOIN ${APPLIED} a ON a.tbl = ? AND a.\`key\` = ${writeKeyText(table, 'r')}
WHERE a.tbl IS NULL OR NOT ${newer}`,
      params: [table.name, ...than],
    },
    { sql: `DELETE a FROM ${APPLIED} a WHERE a.tbl = ? AND NOT ${newer}`, params: [table.name, ...than] },
  ]
}
