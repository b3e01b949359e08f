import type { ChangeEntry, DialectName, ForeignKeyShape, TableShape } from '../core/sync-words.ts'
import type { ReadsDialect } from './reads.ts'
import type { SurveyDialect, TablesPlace } from './survey.ts'
import type { WatchDialect } from './watch.ts'

/** One statement with its parameters; `$1` (PostgreSQL) or `?` (MariaDB) in the dialect's own way. */
export interface Statement {
  readonly sql: string
  readonly params: readonly unknown[]
  /**
   * The same question to what an older version of the kit has installed, where the first cannot be asked of that: a table is missing. Whoever only looks changes
   * nothing there.
   */
  readonly older?: string
}

/** Runs a statement; every value of a row is text or null. */
export type RunStatement = (statement: Statement) => Promise<Record<string, string | null>[]>

/** What a guard does with a write of the side that does not own the table. */
export type GuardMode = 'off' | 'reject' | 'report'

/**
 * Where a row's version is read: the newest one pending in the source's log ('0' without any), or what the target has applied, as
 * `<epoch>:<version>` ('0:0' when it has not), or nowhere ('0'): then the kit's tables need not be there.
 */
export type VersionSource = 'pending' | 'applied' | 'none'

/** Columns that are read or written, in the order of the wire's `row`. */
export interface TableColumns {
  readonly table: TableShape
  readonly columns: readonly string[]
}

/** Which of the pending keys. */
export interface PendingPart {
  /** Those that are on their way or wait in quarantine are left out. */
  readonly skip?: readonly string[]
  /** Of what stands behind this version in the log. */
  readonly after?: string
}

/** Where triggers write before an entry is in the log, for a database where the log's indexes would make each write dearer. */
export interface IntakeDialect {
  /**
   * Moves at most so many entries into the log, those in so many blocks (default all) from one on: `moved`, the last `block` of them, and the block at which the
   * place `ends`. Any number of processes may move at the same time; nobody who writes waits for it.
   */
  move(from: number, most: number, blocks?: number): Statement
  /** After many moves: makes the place of those entries free. */
  readonly clean: Statement
  /** Entries whose key no index takes, a few of them: `tbl, key` (its beginning). They stay. */
  readonly readUnmovable: Statement
}

/** Rows with `after < key <= through`, in the database's own order; undefined is open. */
export interface KeyRange {
  readonly after: readonly string[] | undefined
  readonly through: readonly string[] | undefined
}

/** Comparing whole ranges inside the database, for two databases of one dialect. */
export interface SumDialect {
  /** Every `every`-th key of the next `rows` ones, in order: `key`. */
  readBounds(
    table: TableShape,
    afterKey: readonly string[] | undefined,
    pace: { readonly rows: number; readonly every: number },
  ): Statement
  /** One row a range, in order: `entries`, and two sums over 64 bits each of the rows' hashes, `sum_a, sum_b`. */
  sumBetween(columns: TableColumns, ranges: readonly KeyRange[]): Statement
  /** `key` of at most `limit` rows of a range, in order. */
  readKeysBetween(table: TableShape, range: KeyRange & { readonly limit: number }): Statement
}

/**
 * All that differs between databases, as functions that write SQL. Pure: the caller runs what they return. The methods stand in the order of
 * a row's way.
 */
/** A line of the kit's checkpoints as somebody has read it; undefined where there was none. */
export interface FenceLine {
  readonly name: string
  readonly state: string | undefined
}

/** By what late statements are known. */
export interface StandingFence {
  /** Of the line whose number is raised. */
  readonly name: string
  /** All of them have to be as they were read. */
  readonly lines: readonly FenceLine[]
}

export interface Dialect {
  readonly name: DialectName
  /** Settings that every connection needs before it reads or writes values (time zone, formats), to be run when it is opened. */
  session?(): string[]
  /**
   * What tells one life of the server from another, as far as it says so: `server`; and how far its log goes and is on disk (`position`, `durable`), or
   * null where there is no such number.
   */
  readServer(): Statement
  /** Reads the shapes of some tables from the catalogue; a table that does not exist is left out. */
  introspect(run: RunStatement, schema: string, tables: readonly string[]): Promise<TableShape[]>
  /** `name` of every table of a schema but the kit's own, in order; a partition is no table of its own. */
  listTables(schema: string): Statement
  /**
   * By the server's own books, reading no table: `tbl, row_count` (a guess), `writes` of rows since it counts, or null where it does not.
   */
  readActivity(schema: string): Statement
  /** Programs that are connected to this database, but the kit's: `role, application`. */
  readSessions(): Statement
  /** What the pre-flight asks. */
  readonly survey: SurveyDialect

  /** Where the kit's own tables stand, in a place of their own if there are such: before anything else is made. */
  schemaUp(): string[]
  /**
   * A statement that changes tables, made so that it fails (as `retry`) rather than wait for one; undefined where it waits for none. Absent where waiting
   * harms nobody's transaction.
   */
  withoutWaiting?(sql: string): string | undefined
  /**
   * In the source: the change log and its triggers. `up` is idempotent; `down` leaves nothing. `ancestors` are tables outside the
   * capability from which a cascade reaches a captured one, where cascades fire no triggers (MariaDB).
   */
  captureUp(tables: readonly TableShape[], ancestors?: readonly TableShape[]): string[]
  captureDown(tables: readonly TableShape[], ancestors?: readonly TableShape[]): string[]
  /** Brings a log of an earlier version of the kit up to what is read from it; makes none. Triggers stay what they are. */
  logUp(): string[]
  /** In the target: applied versions, floor, quarantine. */
  targetUp(): string[]
  /** Without tables everything goes; with them, what is kept about these, and the rest when nothing is left. */
  targetDown(tables?: readonly TableShape[]): string[]
  /**
   * In either: what is kept by capability and not by table, its fencing token last, and what is empty after that. For the end of an uninstallation, under
   * that token.
   */
  forgetCapability(capability: string): string[]
  guard(table: TableShape, mode: GuardMode): string[]
  /** Whether all of it is still there. */
  readonly watch: WatchDialect
  /** Who else reads what is guarded. */
  readonly reads: ReadsDialect

  /** A statement over all entries, the log's and those that are not in it yet: `version, tbl, key, op, at`. Whether something waits is asked here. */
  askChanges(write: (changes: string) => string, params: readonly unknown[]): Statement
  /** Absent where triggers write into the log itself. */
  readonly intake?: IntakeDialect
  /** All entries of a table go, wherever they are. */
  forgetChanges(table: string): string[]
  /**
   * Newest version per pending key of one table in the log with its row, in one statement, hence one snapshot: `version, key, op, oldest, at` (version and
   * epoch ms of the key's oldest entry), `traceparent` as the writer has said it, or null, then `c0, c1 …` as canonical texts, and `present`
   * ('1' or null). At most `limit` keys, oldest first. A TRUNCATE has `key` '' and `op` 'T'.
   */
  readPending(columns: TableColumns, limit: number, part?: PendingPart): Statement
  /** `key` of what waits, wherever, but for some: at most `limit`. */
  readWaiting(table: TableShape, limit: number, skip: readonly string[]): Statement
  /** Rows with `key > afterKey` in key order, each with its newest pending version or '0': `key, version, c0 …`. */
  readRange(
    columns: TableColumns,
    afterKey: readonly string[] | undefined,
    limit: number,
    versions?: VersionSource,
  ): Statement
  /** Rows of given keys, likewise and in the given order; an absent row has `present` null. */
  readKeys(columns: TableColumns, keys: readonly string[], versions?: VersionSource): Statement
  /**
   * Age of the oldest entry in milliseconds, how many there are, when the oldest was made (null without any) and the database's clock,
   * both epoch milliseconds: `age_ms, entries, oldest_ms, now_ms`.
   */
  readLag(tables: readonly TableShape[]): Statement
  /** How many rows a table has, by the planner's guess: `guess`, a number or a plan (`EXPLAIN (FORMAT JSON)`) as text. Reads no row. */
  guessRows(table: TableShape): Statement
  /** For the verification; absent where there is no such way. */
  readonly sums?: SumDialect
  /**
   * `name, next, free, last` of each column that the database numbers, a statement a column: the number it would give next, the first above
   * all rows, and the last there is.
   */
  readIdentities(table: TableShape): Statement[]
  /** Has the database go on from `next`; it could be lowered by this. */
  setIdentity(table: TableShape, column: string, next: string): string
  /** A text as SQL writes it. */
  quoteText(text: string): string
  /** Who has written to these tables: `role, application, tables, last, changes`. */
  readWriters(tables: readonly string[]): Statement
  /**
   * Open transactions that have written one of these tables and another one: `tbl, other, application`. Reads no table. Without a row of
   * `tellsCoupled` this server does not tell.
   */
  tellsCoupled(): Statement
  readCoupled(place: TablesPlace): Statement
  /** To be run before `deleteAcknowledged`, where that cannot remember by itself who has written what it deletes. */
  keepWriters?(acknowledged: readonly { table: string; key: string; version: string }[]): Statement
  /** Raises the fence's number to `token`, never lowers it: where it is higher already, or the lines do not stand, this fails. One statement. */
  raiseToken(token: number, fence: StandingFence): string
  /** Runs the statements while the lines stand, all in one statement, and fails once one of them is another. */
  whileStanding(fence: StandingFence, statements: readonly string[]): string
  /** Deletes entries up to and including the acknowledged versions. */
  deleteAcknowledged(acknowledged: readonly { table: string; key: string; version: string }[]): Statement

  /**
   * Statements that begin an apply transaction: marker, deferred constraints, lock timeout.
   * @param tables all of the capability's, not only those that are written: what is changed in them is not captured
   */
  beginApply(tables: readonly string[]): Statement[]
  /** Begins and ends a trial inside a transaction that is rolled back: guards let it through, and what it writes is captured. */
  beginTrial(): Statement[]
  endTrial(): Statement[]
  /** Claims versions: returns `tbl, key` of those that are strictly newer than what is applied. */
  claim(entries: readonly ChangeEntry[], epoch: number): Statement[]
  upsert(columns: TableColumns, rows: readonly ChangeEntry[]): Statement
  deleteRows(table: TableShape, keys: readonly string[]): Statement
  truncate(table: TableShape, entry: ChangeEntry, epoch: number): Statement[]
  /**
   * `key` of those rows that other rows still point to, through a foreign key of `child` that would delete or empty them (CASCADE, SET NULL, SET
   * DEFAULT). The target must not do that by itself: an applied child whose entry is gone would be lost. Children in `keys` themselves do not count.
   * The last statement returns them. Absent where the apply session switches such actions off.
   */
  readReferenced?(
    table: TableShape,
    child: { readonly table: TableShape; readonly foreignKey: ForeignKeyShape },
    keys: readonly string[],
  ): Statement[]
  /** Checks what was deferred, so that a violation shows while it can still be isolated; the transaction may go on afterwards. */
  endApply?(): Statement[]
  /** Switches foreign keys and their actions off and on again inside the transaction, where the kit's user has the right to. */
  suspendReferences?(): Statement[]
  resumeReferences?(): Statement[]
}
