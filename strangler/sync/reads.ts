import type { Statement } from './dialect.ts'
import type { TablesPlace } from './survey.ts'

/**
 * How often the tables of the side that does not own them are read, by the server's own counters. The kit reads there too, so it keeps what it
 * does itself apart.
 */
export interface ReadsDialect {
  /** `because, mend`: why this server cannot tell for these tables; no row where it can. */
  findBlindness(place: TablesPlace): Statement
  /** `since`: a text that changes whenever the server begins to count anew; what was read before it, and after the look before, nobody knows. */
  readSince(): Statement
  /** Where the kit's own reads are kept, if they are; idempotent. */
  up(): string[]
  /**
   * `tbl, reads, own`: since the server counts, by anybody and by the kit. A row without `tbl` has in `own` how often the kit has lost count
   * of itself.
   */
  countReads(place: TablesPlace): Statement
  /**
   * Before and after what the kit does itself, in its transaction. The second gets the `before` of the first's row; where that is null nothing is kept,
   * and there is nothing to end.
   */
  beginOwn(): Statement
  endOwn(before: string | null): Statement
  /** A transaction of the kit has failed, or a process of it has ended: what it read is not known. */
  loseCount?(): Statement
  /** Programs whose newest statement names one of these tables: `role, application`. */
  readReaders?(tables: readonly string[]): Statement
}
