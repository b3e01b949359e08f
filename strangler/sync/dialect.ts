import type { ChangeEntry, DialectName, TableShape } from '../core/sync-words.ts'

/** One statement with its parameters; `$1` (PostgreSQL) or `?` (MariaDB) in the dialect's own way. */
export interface Statement {
  readonly sql: string
  readonly params: readonly unknown[]
}

/** Runs a statement; every value of a row is text or null. */
export type RunStatement = (statement: Statement) => Promise<Record<string, string | null>[]>

/** What a guard does with a write of the side that does not own the table. */
export type GuardMode = 'off' | 'reject' | 'report'

/** Columns that are read or written, in the order of the wire's `row`. */
export interface TableColumns {
  readonly table: TableShape
  readonly columns: readonly string[]
}

/**
 * All that differs between databases, as functions that write SQL. Pure: the caller runs what they return. The methods stand in the order of
 * a row's way.
 */
export interface Dialect {
  readonly name: DialectName
  /** Reads the shapes of some tables from the catalogue; a table that does not exist is left out. */
  introspect(run: RunStatement, schema: string, tables: readonly string[]): Promise<TableShape[]>

  /** In the source: the change log and its triggers. `up` is idempotent; `down` leaves nothing. */
  captureUp(tables: readonly TableShape[]): string[]
  captureDown(tables: readonly TableShape[]): string[]
  /** In the target: applied versions, floor, quarantine. */
  targetUp(): string[]
  targetDown(): string[]
  guard(table: TableShape, mode: GuardMode): string[]

  /**
   * Newest version per pending key of one table with its row, in one statement, hence one snapshot: `version, key, op, at,` then `c0, c1 …`
   * as canonical texts, and `present` ('1' or null). At most `limit` keys, oldest first.
   */
  readPending(columns: TableColumns, limit: number): Statement
  /** Rows with `key > afterKey` in key order, each with its newest pending version or '0': `key, version, c0 …`. */
  readRange(columns: TableColumns, afterKey: readonly string[] | undefined, limit: number): Statement
  /** Rows of given keys, likewise; an absent row has `present` null. */
  readKeys(columns: TableColumns, keys: readonly string[]): Statement
  /** Age of the oldest entry in milliseconds, how many there are, and the database's clock (epoch ms): `age_ms, entries, now_ms`. */
  readLag(tables: readonly TableShape[]): Statement
  /** Deletes entries up to and including the acknowledged versions. */
  deleteAcknowledged(acknowledged: readonly { table: string; key: string; version: string }[]): Statement

  /** Statements that begin an apply transaction: marker, deferred constraints, lock timeout. */
  beginApply(): Statement[]
  /** Claims versions: returns `tbl, key` of those that are strictly newer than what is applied. */
  claim(entries: readonly ChangeEntry[], epoch: number): Statement[]
  upsert(columns: TableColumns, rows: readonly ChangeEntry[]): Statement
  deleteRows(table: TableShape, keys: readonly string[]): Statement
  truncate(table: TableShape, entry: ChangeEntry, epoch: number): Statement[]
}
