import type { CellText, ChangeEntry, ColumnShape, TableShape } from '../../../core/sync-words.ts'
import { writeMarker } from '../../apply-marker.ts'
import type { Statement, TableColumns } from '../../dialect.ts'
import { exactCheck } from '../../exact-text.ts'
import { quoteBody, quoteName, quoteText, SCHEMA, tableName } from './names.ts'
import { findColumn, fromText, keyText, matchKey } from './values.ts'

const SETTINGS = {
  lock_timeout: '1s',
  statement_timeout: '5s',
  // Arrays of timestamps are read by the session's zone.
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
} as const

/** All of them end with the transaction: nothing leaks into a connection of a pool. */
export function beginApply(tables: readonly string[]): Statement[] {
  return [
    setLocally({ ...SETTINGS, 'strangler.apply': writeMarker(tables) }),
    { sql: 'SET CONSTRAINTS ALL DEFERRED', params: [] },
  ]
}

function setLocally(settings: Readonly<Record<string, string>>): Statement {
  const set = Object.entries(settings).map(
    ([name, value]) => `set_config('${name}', ${quoteText(value)}, true)`,
  )
  return { sql: `SELECT ${set.join(', ')}`, params: [] }
}

/** As a dry run of the service, but by the kit: behind the guards, and never committed. */
export function beginTrial(): Statement[] {
  return [setLocally({ ...SETTINGS, 'strangler.apply': '', 'strangler.dry_run': 'on' })]
}

/** The settings have ended with the transaction. */
export function endTrial(): Statement[] {
  return []
}

/**
 * An entry counts when it is strictly newer than what its row, and its table's last TRUNCATE, stand at; the pair (epoch, version) decides.
 * A TRUNCATE claims for itself, in `truncate`.
 */
export function claim(entries: readonly ChangeEntry[], epoch: number): Statement[] {
  const rows = keepNewest(entries.filter((entry) => entry.truncate !== true))
  const tables = [...new Set(rows.map((entry) => entry.table))].sort()
  return [
    lockTables(tables, 'shared'),
    {
      sql: `INSERT INTO ${SCHEMA}.applied AS a (tbl, key, epoch, version, deleted)
SELECT i.tbl, i.key, $5::int, i.version, i.deleted
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::boolean[]) AS i(tbl, key, version, deleted)
WHERE NOT EXISTS (SELECT FROM ${SCHEMA}.floor f WHERE f.tbl = i.tbl AND (f.epoch, f.version) >= ($5::int, i.version))
ORDER BY i.tbl COLLATE "C", i.key COLLATE "C"
ON CONFLICT (tbl, key) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, deleted = excluded.deleted
WHERE (a.epoch, a.version) < (excluded.epoch, excluded.version)
RETURNING tbl, key`,
      params: [
        rows.map((entry) => entry.table),
        rows.map((entry) => entry.key),
        rows.map((entry) => entry.version),
        rows.map((entry) => entry.row === null),
        epoch,
      ],
    },
  ]
}

/**
 * A claim that has read the floor must have written its rows before a TRUNCATE decides which rows to delete. A statement of its own: the
 * next one's snapshot is then taken with the lock held.
 */
function lockTables(tables: readonly string[], strength: 'shared' | 'exclusive'): Statement {
  const routine = strength === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock'
  const locks = tables.map(
    (table) => `PERFORM ${routine}(hashtext('strangler'), hashtext(${quoteText(table)}));`,
  )
  return { sql: `DO ${quoteBody(`BEGIN\n${['NULL;', ...locks].join('\n')}\nEND`)}`, params: [] }
}

/**
 * One array a column instead of a placeholder a cell: the statement's text depends on the table only, and any number of rows fits.
 * @throws Error for a value that the column would change without a word
 */
export function upsert(columns: TableColumns, rows: readonly ChangeEntry[]): Statement {
  const { table } = columns
  const written = columns.columns
    .map((name, position) => ({ name, position, column: findColumn(table, name) }))
    .filter(({ column }) => !column.generated)
  const newest = keepNewest(rows)
  const names = written.map(({ name }) => quoteName(name))
  const values = written.map(({ column }, index) => fromText(`u.c${index}`, column))
  const key = table.key.map(quoteName).join(', ')
  return {
    sql: `INSERT INTO ${tableName(table)} AS t (${names.join(', ')}) OVERRIDING SYSTEM VALUE
SELECT ${values.join(', ')}
FROM unnest(${names.map((_, index) => `$${index + 1}::text[]`).join(', ')}) AS u(${names.map((_, index) => `c${index}`).join(', ')})
ON CONFLICT (${key}) DO ${writeUpdate(
      table,
      written.map(({ column }) => column),
    )}`,
    params: written.map(({ position, column }) => {
      const check = exactCheck(column)
      const cells = newest.map((row) => cellAt(row, position, table))
      if (check !== undefined) for (const cell of cells) check(cell)
      return cells
    }),
  }
}

/** What a row that is there becomes. An identity that is GENERATED ALWAYS cannot be changed by an UPDATE: the row is refused when it would have to be. */
function writeUpdate(table: TableShape, written: readonly ColumnShape[]): string {
  const others = written.filter(({ name }) => !table.key.includes(name))
  const fixed = others.filter(({ identityAlways }) => identityAlways === true)
  const free = others.filter((column) => !fixed.includes(column)).map(({ name }) => name)
  // Something has to be set, for the condition to be looked at.
  const set = free.length === 0 && fixed.length > 0 ? table.key.slice(0, 1) : free
  if (set.length === 0) return 'NOTHING'
  const updates = set.map((name) => `${quoteName(name)} = excluded.${quoteName(name)}`)
  return `UPDATE SET ${updates.join(', ')}${fixed.length === 0 ? '' : ` WHERE ${fixed.map((column) => refuseChange(table, column)).join(' AND ')}`}`
}

/** A cast that fails is the only way to raise inside of a statement; its text ends up in the quarantine. */
function refuseChange(table: TableShape, { name }: ColumnShape): string {
  const column = quoteName(name)
  const sentence = `${table.name}.${name} is GENERATED ALWAYS AS IDENTITY and cannot be changed: ALTER it to GENERATED BY DEFAULT. It is `
  return `CASE WHEN t.${column} IS DISTINCT FROM excluded.${column} THEN (${quoteText(sentence)} || t.${column}::text)::boolean ELSE true END`
}

function cellAt(entry: ChangeEntry, position: number, table: TableShape): CellText {
  const cell = entry.row?.[position]
  if (cell === undefined) {
    throw new Error(
      `The row ${entry.key} of ${table.name} has no cell ${position}: it was written for other columns.`,
    )
  }
  return cell
}

/** One statement may not touch a row twice. */
function keepNewest(rows: readonly ChangeEntry[]): ChangeEntry[] {
  const newest = new Map<string, ChangeEntry>()
  for (const row of rows) {
    const id = `${row.table} ${row.key}`
    const known = newest.get(id)
    if (known === undefined || BigInt(known.version) < BigInt(row.version)) newest.set(id, row)
  }
  return [...newest.values()]
}

export function deleteRows(table: TableShape, keys: readonly string[]): Statement {
  return {
    sql: `WITH k AS MATERIALIZED (SELECT key::json AS j FROM unnest($1::text[]) AS u(key))
DELETE FROM ${tableName(table)} AS t USING k WHERE ${matchKey('t', table, 'k.j')}`,
    params: [[...keys]],
  }
}

/**
 * Empties the table of everything that is not newer than the TRUNCATE. By DELETE: rows that were inserted after it may have arrived
 * before it, and a TRUNCATE here would lock the table and fail where a foreign key points to it.
 */
export function truncate(table: TableShape, entry: ChangeEntry, epoch: number): Statement[] {
  const params = [entry.table, epoch, entry.version]
  return [
    lockTables([entry.table], 'exclusive'),
    { sql: `SELECT set_config('statement_timeout', '0', true)`, params: [] },
    {
      sql: `INSERT INTO ${SCHEMA}.floor AS f (tbl, epoch, version) VALUES ($1, $2::int, $3::bigint)
ON CONFLICT (tbl) DO UPDATE SET epoch = excluded.epoch, version = excluded.version
WHERE (f.epoch, f.version) < (excluded.epoch, excluded.version)`,
      params,
    },
    {
      sql: `DELETE FROM ${tableName(table)} AS t WHERE NOT EXISTS (
  SELECT FROM ${SCHEMA}.applied a WHERE a.tbl = $1 AND a.key = ${keyText('t', table)} AND (a.epoch, a.version) > ($2::int, $3::bigint))`,
      params,
    },
    // The floor speaks for them from now on.
    {
      sql: `DELETE FROM ${SCHEMA}.applied WHERE tbl = $1 AND (epoch, version) <= ($2::int, $3::bigint)`,
      params,
    },
  ]
}
