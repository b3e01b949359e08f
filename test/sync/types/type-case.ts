import type { DialectName } from '../../../strangler/core/sync-words.ts'

/** Written once where both dialects agree. */
export type PerDialect<T> = T | Readonly<Partial<Record<DialectName, T>>>

/** A value as the application writes it, and what reading it gives. */
export interface TypeValue {
  /** SQL of the value; of a dialect that is left out the value does not exist. */
  readonly sql: PerDialect<string>
  /** What `read` of the target shows, and what the source shows when it has come back; default: the same as `sql` without quotes. */
  readonly reads: PerDialect<string | null>
  /** Targets that cannot hold it, and what the quarantine says. */
  readonly unfit?: Readonly<Partial<Record<DialectName, RegExp>>>
}

/** Why a pair of databases is refused before anything is installed. */
export type RefusedPairs = Readonly<Partial<Record<`${DialectName} → ${DialectName}`, RegExp>>>

/** One type or quirk: what is created, what the application does with it, what is expected on the other side and back. */
export interface TypeCase {
  /** A line of docs/reference/sync-types.md. */
  readonly about: string
  readonly create: {
    /** The declared type of the column `v` (or of the key `k`); without a dialect the case does not run there. */
    readonly type: Readonly<Partial<Record<DialectName, string>>>
    /** Statements before, e.g. CREATE TYPE. */
    readonly before?: Readonly<Partial<Record<DialectName, readonly string[]>>>
    /** The column is the key of the table. */
    readonly isKey?: true
    /** The whole list of columns instead; `id integer`, `n integer` and what the values fill must be among them. */
    readonly columns?: PerDialect<string>
    /** What the values fill; default `v` or `k`. Several with commas. */
    readonly fills?: string
  }
  /** The values that the application writes, changes and deletes. */
  readonly change: readonly TypeValue[]
  readonly expect: {
    /** How a test reads the column as a text; default its own text. */
    readonly read?: PerDialect<string>
    readonly refused?: RefusedPairs
    /** What a reader of the reference should know. */
    readonly note?: string
  }
}

/** `undefined` when the dialect has no such thing. */
export function inDialect<T>(given: PerDialect<T> | undefined, dialect: DialectName): T | undefined {
  const isSplit = typeof given === 'object' && given !== null && !Array.isArray(given)
  return isSplit ? (given as Partial<Record<DialectName, T>>)[dialect] : (given as T | undefined)
}
