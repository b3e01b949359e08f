import type { ChangeEntry, DialectName } from '../core/sync-words.ts'
import type { SyncDatabase } from './database.ts'
import type { Statement } from './dialect.ts'

/** An entry that could not be applied, and the database's sentence why. */
export interface QuarantinedEntry {
  readonly entry: ChangeEntry
  readonly error: string
}

/** The kit's small tables, which are written one row at a time; the SQL that moves rows in bulk is the dialects' own. */
export function kitTable(dialect: DialectName, name: string): string {
  return dialect === 'postgres' ? `strangler.${name}` : `strangler_${name}`
}

export function readEpoch(dialect: DialectName, capability: string): Statement {
  return {
    sql: `SELECT epoch FROM ${kitTable(dialect, 'sync_state')} WHERE capability = ${at(dialect, 1)}`,
    params: [capability],
  }
}

/** Whether the database is this capability's `source` or its `target`, since its sync ran last. */
export function readRole(dialect: DialectName, capability: string): Statement {
  return {
    sql: `SELECT role FROM ${kitTable(dialect, 'sync_state')} WHERE capability = ${at(dialect, 1)}`,
    params: [capability],
  }
}

/** Never back to an older epoch. */
export function raiseEpoch(
  dialect: DialectName,
  state: { capability: string; role: 'source' | 'target'; epoch: number },
): Statement {
  const table = kitTable(dialect, 'sync_state')
  const values = `INSERT INTO ${table} (capability, role, epoch, incarnation) VALUES (${list(dialect, 3)}, '')`
  const conflict =
    dialect === 'postgres'
      ? `ON CONFLICT (capability) DO UPDATE SET role = excluded.role, epoch = greatest(${table}.epoch, excluded.epoch)`
      : 'ON DUPLICATE KEY UPDATE role = VALUES(role), epoch = greatest(epoch, VALUES(epoch))'
  return { sql: `${values} ${conflict}`, params: [state.capability, state.role, state.epoch] }
}

/** Counts one more failed attempt at an entry. */
export function recordQuarantine(dialect: DialectName, failed: QuarantinedEntry, epoch: number): Statement {
  const table = kitTable(dialect, 'quarantine')
  const columns = `tbl, ${keyColumn(dialect)}, epoch, version, error, attempts, next_try_at`
  const values = `INSERT INTO ${table} (${columns}) VALUES (${list(dialect, 5)}, 1, ${now(dialect)})`
  const names = ['epoch', 'version', 'error', 'next_try_at']
  const conflict =
    dialect === 'postgres'
      ? `ON CONFLICT (tbl, key) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')}, attempts = ${table}.attempts + 1`
      : `ON DUPLICATE KEY UPDATE ${names.map((name) => `${name} = VALUES(${name})`).join(', ')}, attempts = attempts + 1`
  const { table: name, key, version } = failed.entry
  return { sql: `${values} ${conflict}`, params: [name, key, epoch, version, failed.error.slice(0, 2_000)] }
}

/** Applied at last, or overtaken by something newer. */
export function clearQuarantine(dialect: DialectName, entries: readonly ChangeEntry[]): Statement {
  const table = kitTable(dialect, 'quarantine')
  const tables = entries.map((entry) => entry.table)
  const keys = entries.map((entry) => entry.key)
  if (dialect === 'postgres') {
    return {
      sql: `DELETE FROM ${table} q USING unnest($1::text[], $2::text[]) AS d(tbl, key) WHERE q.tbl = d.tbl AND q.key = d.key`,
      params: [tables, keys],
    }
  }
  const pairs = entries.map(() => '(?, ?)').join(', ')
  return {
    sql: `DELETE FROM ${table} WHERE (tbl, ${keyColumn(dialect)}) IN (${pairs})`,
    params: entries.flatMap((entry) => [entry.table, entry.key]),
  }
}

/** Rows that a TRUNCATE took away will not come any more. */
export function clearTruncated(dialect: DialectName, truncate: ChangeEntry, epoch: number): Statement {
  return {
    sql: `DELETE FROM ${kitTable(dialect, 'quarantine')} WHERE tbl = ${at(dialect, 1)} AND (epoch < ${at(dialect, 2)} OR (epoch = ${at(dialect, 3)} AND version <= ${at(dialect, 4)}))`,
    params: [truncate.table, epoch, epoch, truncate.version],
  }
}

/** `tbl, key, version, error, attempts`, the most tried first. */
export function readQuarantine(dialect: DialectName, tables: readonly string[], limit: number): Statement {
  const columns = `tbl, ${keyColumn(dialect)}, version, error, attempts`
  const among = tables.map((_, position) => at(dialect, position + 1)).join(', ')
  return {
    sql: `SELECT ${columns} FROM ${kitTable(dialect, 'quarantine')} WHERE tbl IN (${among}) ORDER BY attempts DESC LIMIT ${Math.trunc(limit)}`,
    params: [...tables],
  }
}

/** Whether one of the kit's tables is there. */
export async function hasKitTable(database: SyncDatabase, name: string): Promise<boolean> {
  const isPostgres = database.dialect.name === 'postgres'
  const schema = isPostgres ? `'strangler'` : 'database()'
  const rows = await database.query({
    sql: `SELECT 1 AS found FROM information_schema.tables WHERE table_schema = ${schema} AND table_name = ${at(database.dialect.name, 1)}`,
    params: [isPostgres ? name : `strangler_${name}`],
  })
  return rows.length > 0
}

/** KEY is a reserved word of MariaDB. */
export function keyColumn(dialect: DialectName): string {
  return dialect === 'postgres' ? 'key' : '`key`'
}

/** The placeholder of the n-th parameter. */
export function at(dialect: DialectName, position: number): string {
  return dialect === 'postgres' ? `$${position}` : '?'
}

function list(dialect: DialectName, count: number): string {
  return Array.from({ length: count }, (_, index) => at(dialect, index + 1)).join(', ')
}

function now(dialect: DialectName): string {
  return dialect === 'postgres' ? 'clock_timestamp()' : 'current_timestamp(6)'
}
