/** The words of the data sync. W, the source, takes the writes now; T, the target, is kept the same. */

export type DialectName = 'postgres' | 'mariadb'

/** `forward`: monolith → service; `reverse`: service → monolith, after the cut-over. */
export type Direction = 'forward' | 'reverse'

/** How a column's values are written as text on the wire, whatever the two databases call its type. */
export type ColumnFamily =
  | 'integer'
  | 'decimal'
  | 'float'
  | 'boolean'
  | 'text'
  | 'bytes'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'json'
  | 'uuid'
  | 'enum'
  | 'bit'
  | 'array'

/** A column as one database has it. */
export interface ColumnShape {
  readonly name: string
  readonly family: ColumnFamily
  /** The declared type in its own dialect, e.g. `numeric(12,2)`, `bigint unsigned`: what a text is cast to. */
  readonly type: string
  /** What a domain or an extension's type is made of, where the declared type does not say it: `varchar`, `citext`. */
  readonly base?: string
  readonly nullable: boolean
  /** Computed by the database; never written. */
  readonly generated: boolean
  /** Filled by the database when absent; written explicitly by the sync. */
  readonly identity: boolean
  /** PostgreSQL: GENERATED ALWAYS AS IDENTITY, which may be given to a new row and never be changed. */
  readonly identityAlways?: boolean
  readonly enumLabels?: readonly string[]
  /** MariaDB: the collation of a text, which a comparison must name to find it by its index. */
  readonly collation?: string
}

/** A foreign key: its columns and what they point to. */
export interface ForeignKeyShape {
  readonly name: string
  readonly columns: readonly string[]
  readonly referencedTable: string
  readonly referencedColumns: readonly string[]
  readonly onDelete: string
  readonly onUpdate: string
  readonly deferrable: boolean
}

/** A table as one database has it. `schema` is a PostgreSQL schema or a MariaDB database. */
export interface TableShape {
  readonly schema: string
  readonly name: string
  readonly columns: readonly ColumnShape[]
  /** The columns of its primary key, or of the one unique, non-null key it has instead. Empty: no usable key. */
  readonly key: readonly string[]
  readonly keyDeferrable: boolean
  /** Why a key that the table has cannot be used, e.g. because two texts of it are equal in the database; `key` is empty then. */
  readonly keyRefused?: string
  readonly uniques: readonly (readonly string[])[]
  readonly foreignKeys: readonly ForeignKeyShape[]
}

/** A value as canonical text; null is SQL's NULL. */
export type CellText = string | null

/** One row's newest change. `version` is a decimal text: a bigint beyond 2^53. `row` is null when the row is gone. */
export interface ChangeEntry {
  readonly table: string
  /** Canonical text of the key columns: `["42","de"]`. */
  readonly key: string
  readonly version: string
  readonly row: readonly CellText[] | null
  /** Of the exchange that made this version, where its transaction has said so; valid. */
  readonly traceparent?: string
  /** The whole table was emptied at this version; `key` is empty then. */
  readonly truncate?: true
}

/** What one job carries. Older epochs than the target's are refused. */
export interface ChangeBatch {
  /** The id of the installation whose rows they are: another's applier refuses them. */
  readonly installation: string
  readonly capability: string
  readonly direction: Direction
  readonly epoch: number
  /** The chunk of the backfill that it is; echoed in the result. */
  readonly chunk?: string
  readonly entries: readonly ChangeEntry[]
  /** By table, what the cells of its rows are called: for an applier that does not know the mapping. */
  readonly columns?: Readonly<Record<string, readonly string[]>>
}

/** What an applier inside a service says of itself, for a kit that cannot look into its database. */
export interface ApplierNotice {
  readonly dialect: DialectName
  /** The service's tables, as its database has them. */
  readonly tables: readonly TableShape[]
  /** `tbl, key, version, error, attempts`, the most tried first. */
  readonly quarantine: readonly Readonly<Record<string, string | null>>[]
  /** Epoch milliseconds of its clock. */
  readonly at: number
}

/** What became of a batch: `done` may be deleted from the log, up to and including the version. */
export interface BatchResult {
  readonly capability: string
  readonly direction: Direction
  readonly epoch: number
  readonly chunk?: string
  readonly done: readonly { readonly table: string; readonly key: string; readonly version: string }[]
  readonly quarantined: readonly {
    readonly table: string
    readonly key: string
    readonly version: string
    readonly error: string
    /** It waits for another row's change (a taken unique value, a missing or remaining other end of a foreign key), or it is about the row. */
    readonly reason: 'unique' | 'reference' | 'other'
  }[]
}

/** What became of a table's trial of the way back: `busy` lost against somebody's lock, and says nothing. */
export interface TriedTable {
  /** As the database calls it that is to be written back to. */
  readonly table: string
  readonly outcome: 'came-back' | 'empty' | 'refused' | 'busy'
  /** The column whose value was changed for it; absent where nothing in the row could be. */
  readonly column?: string
  /** Why it did not come back. */
  readonly because?: string
}
