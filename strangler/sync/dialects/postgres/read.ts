import type { TableShape } from '../../../core/sync-words.ts'
import type { PendingPart, Statement, TableColumns, VersionSource } from '../../dialect.ts'
import { OLDEST_FIRST } from './capture.ts'
import { askChanges, overPlaces } from './intake.ts'
import { quoteName, SCHEMA, tableName } from './names.ts'
import { findColumn, isAfterKey, keyText, matchKey, toText } from './values.ts'
import { KEEP_WRITERS } from './writers.ts'

/** Entries looked at for one row that is returned: a key that changes often has many. */
const ENTRIES_PER_KEY = 4

/**
 * The window is what follows the start of the table's entries in the order of their index, and what lies in the next table is left out
 * afterwards: `tbl = $1 ORDER BY version` would sort the whole log whenever its statistics are from before a burst, and they always are.
 *
 * Each row is fetched by LIMIT 1 in a LATERAL, which can only be the key's index: a join would read the whole table as soon as the
 * planner thinks that cheaper. The newest version of a key is looked up beyond the window, so that a row never goes with an older one.
 */
export function readPending(columns: TableColumns, limit: number, part: PendingPart = {}): Statement {
  const { skip = [], after = '0' } = part
  return {
    sql: `WITH head AS MATERIALIZED (
  SELECT w.key, w.version, w.at FROM (
    SELECT tbl, key, version, at FROM ${SCHEMA}.change_log
    WHERE (${OLDEST_FIRST}) > ($1::text, $4::bigint) AND key NOT IN (SELECT unnest($3::text[]))
    ORDER BY ${OLDEST_FIRST} LIMIT $2::int * ${ENTRIES_PER_KEY}
  ) w WHERE w.tbl = $1
), pending AS MATERIALIZED (
  SELECT h.key, h.oldest, h.at, n.version, n.op, n.traceparent, CASE WHEN h.key <> '' THEN h.key::json END AS j
  FROM (SELECT key, min(version) AS oldest, min(at) AS at FROM head GROUP BY key ORDER BY min(version) LIMIT $2::int) h
  CROSS JOIN LATERAL (
    SELECT l.version, l.op, l.traceparent FROM ${SCHEMA}.change_log l WHERE l.tbl = $1 AND l.key = h.key ORDER BY l.version DESC LIMIT 1
  ) n
)
SELECT p.version::text AS version, p.key, p.op, p.oldest::text AS oldest, ${epochMs('p.at')} AS at, p.traceparent, r.*
FROM pending p LEFT JOIN LATERAL (${selectRow(columns, 'p.j')}) r ON true
ORDER BY p.oldest`,
    params: [columns.table.name, limit, [...skip], after],
  }
}

/** Any of them: what counts is whether there are, and how many. */
export function readWaiting(table: TableShape, limit: number, skip: readonly string[]): Statement {
  const from = (place: string) =>
    `(SELECT key FROM ${place} WHERE tbl = $1 AND key <> ALL($3::text[]) LIMIT $2::int * ${ENTRIES_PER_KEY})`
  return overPlaces(
    ({ intake }) =>
      `SELECT DISTINCT w.key FROM (${from(`${SCHEMA}.change_log`)} UNION ALL ${from(intake)}) w LIMIT $2::int`,
    [table.name, limit, [...skip]],
  )
}

export function readRange(
  columns: TableColumns,
  afterKey: readonly string[] | undefined,
  limit: number,
  versions: VersionSource = 'pending',
): Statement {
  const { table } = columns
  const condition = afterKey === undefined ? '' : `WHERE ${isAfterKey('t', table, 3)}`
  const order = table.key.map((name) => `t.${quoteName(name)}`).join(', ')
  return withVersions(
    versions,
    ({ version, join }) => `SELECT r.*, ${version('r.key')} AS version
FROM (SELECT ${keyText('t', table)} AS key, ${selectCells(columns)}, row_number() OVER (ORDER BY ${order}) AS strangler_n
  FROM ${tableName(table)} AS t ${condition} ORDER BY ${order} LIMIT $2) r${join('r.key')} ORDER BY r.strangler_n`,
    [table.name, limit, ...(afterKey ?? [])],
  )
}

export function readKeys(
  columns: TableColumns,
  keys: readonly string[],
  versions: VersionSource = 'pending',
): Statement {
  return withVersions(
    versions,
    ({ version, join }) => `SELECT k.key, ${version('k.key')} AS version, r.*
FROM unnest($2::text[]) WITH ORDINALITY AS k(key, n)${join('k.key')}
CROSS JOIN LATERAL (SELECT k.key::json AS j) p
LEFT JOIN LATERAL (${selectRow(columns, 'p.j')}) r ON true
ORDER BY k.n`,
    [columns.table.name, [...keys]],
  )
}

export function readLag(tables: readonly TableShape[]): Statement {
  return askChanges(
    (
      changes,
    ) => `SELECT greatest(0, coalesce(${epochMs('clock_timestamp()', 'bigint')} - ${epochMs('min(at)', 'bigint')}, 0))::text AS age_ms,
  count(*)::text AS entries, ${epochMs('min(at)')} AS oldest_ms, ${epochMs('clock_timestamp()')} AS now_ms
FROM ${changes} WHERE tbl = ANY($1::text[])`,
    [tables.map((table) => table.name)],
  )
}

/** What the planner expects, which it tells for tables that were never analyzed too, and for partitioned ones. */
export function guessRows(table: TableShape): Statement {
  return { sql: `EXPLAIN (FORMAT JSON) SELECT FROM ${tableName(table)}`, params: [] }
}

/**
 * Sorted, so that two that delete the same entries wait for each other instead of for ever. By place, each looked up by its key: a join
 * reads the whole log once a key when the statistics are from an empty log. Entries are never updated, so a place keeps its entry.
 */
export function deleteAcknowledged(
  acknowledged: readonly { table: string; key: string; version: string }[],
): Statement {
  const sorted = [...acknowledged].sort((one, other) =>
    one.table === other.table ? compare(one.key, other.key) : compare(one.table, other.table),
  )
  return {
    sql: `WITH gone AS (DELETE FROM ${SCHEMA}.change_log WHERE ctid = ANY(ARRAY(
  SELECT l.ctid FROM unnest($1::text[], $2::text[], $3::bigint[]) AS a(tbl, key, version)
  CROSS JOIN LATERAL (
    SELECT o.ctid FROM ${SCHEMA}.change_log o WHERE o.tbl = a.tbl AND o.key = a.key AND o.version <= a.version OFFSET 0
  ) l)) RETURNING tbl, role, application, at)
${KEEP_WRITERS}`,
    params: [
      sorted.map((entry) => entry.table),
      sorted.map((entry) => entry.key),
      sorted.map((entry) => entry.version),
    ],
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

function selectRow(columns: TableColumns, json: string): string {
  return `SELECT '1'::text AS present, ${selectCells(columns)} FROM ${tableName(columns.table)} AS t
  WHERE ${matchKey('t', columns.table, json)} LIMIT 1`
}

function selectCells({ table, columns }: TableColumns): string {
  return columns
    .map((name, position) => `${toText(`t.${quoteName(name)}`, findColumn(table, name))} AS c${position}`)
    .join(', ')
}

/** SQL of the version of a key's row, and what has to be joined for it. */
interface VersionSql {
  version(key: string): string
  join(key: string): string
}

/** Of the newest entry of each key, for a statement that looks up many: the intake is read once, and not once a key. */
const newestIn = (intake: string) => `WITH intake AS MATERIALIZED (
  SELECT key, max(version) AS version FROM ${intake} WHERE tbl = $1 GROUP BY key
)
`

/** The row and its version in one statement, hence of one snapshot; the version over both places in which an entry may wait. */
function withVersions(
  versions: VersionSource,
  write: (sql: VersionSql) => string,
  params: readonly unknown[],
): Statement {
  if (versions === 'pending') {
    const version = (key: string) =>
      `greatest((SELECT max(l.version) FROM ${SCHEMA}.change_log l WHERE l.tbl = $1 AND l.key = ${key}), i.version, 0)::text`
    const join = (key: string) => ` LEFT JOIN intake i ON i.key = ${key}`
    return overPlaces(({ intake }) => `${newestIn(intake)}${write({ version, join })}`, params)
  }
  const version = (key: string) =>
    versions === 'applied'
      ? `coalesce((SELECT a.epoch || ':' || a.version FROM ${SCHEMA}.applied a WHERE a.tbl = $1 AND a.key = ${key}), '0:0')`
      : // The parameter has to be used for its type to be known.
        `left($1::text, 0) || '0'`
  return { sql: write({ version, join: () => '' }), params }
}

function epochMs(instant: string, type: 'text' | 'bigint' = 'text'): string {
  const milliseconds = `floor(extract(epoch FROM ${instant}) * 1000)::bigint`
  return type === 'text' ? `${milliseconds}::text` : milliseconds
}
