import type { Statement } from './dialect.ts'
import type { FindingCode, Found } from './preflight/findings.ts'

type Row = Readonly<Record<string, string | null>>

/** Some tables of one schema (PostgreSQL) or database (MariaDB). */
export interface TablesPlace {
  readonly schema: string
  readonly tables: readonly string[]
}

/** A query for one kind of finding: every row that it returns is one. */
export interface Probe {
  readonly code: FindingCode
  /** In which of the two databases it is asked. */
  readonly on: 'both' | 'source' | 'target'
  /** Asked first, where the query cannot even be parsed everywhere: without a row the probe is left out. */
  readonly when?: Statement
  /** Once a schema, or once a database. */
  readonly statement: ((place: TablesPlace) => Statement) | Statement
  /** Undefined: this row is none after all. */
  tell(row: Row): Found | undefined
}

/** What the pre-flight asks of a database of this dialect. */
export interface SurveyDialect {
  readonly probes: readonly Probe[]
  /** The server's clock: `now_ms`. */
  readonly readClock: Statement
  /** Sessions besides the kit's that are at work now: `active`. */
  readonly readLoad: Statement
  /** Columns that must be given: NOT NULL, without a default, not numbered by the server: `tbl, name`. */
  readRequired(place: TablesPlace): Statement
  /** Columns that the server numbers: `tbl, name, last, largest`; `last` is null when none was given yet, or it may not be seen. */
  readIdentities(place: TablesPlace): Statement
  /** Foreign keys of other tables into these: `tbl, name, referenced, on_delete, on_update`. */
  readReferring(place: TablesPlace): Statement
}
