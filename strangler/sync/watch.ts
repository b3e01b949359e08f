import type { TableShape } from '../core/sync-words.ts'
import type { GuardMode, Statement } from './dialect.ts'

export interface TriggerName {
  readonly table: string
  readonly name: string
}

/** What the watch over a running sync asks of a database of this dialect. */
export interface WatchDialect {
  captureTriggers(tables: readonly TableShape[], ancestors: readonly TableShape[]): TriggerName[]
  guardTriggers(tables: readonly TableShape[], mode: Exclude<GuardMode, 'off'>): TriggerName[]
  /** The kit's triggers that are there: `tbl, name, fires` ('true' when nothing can switch it off for a session). */
  readTriggers(tables: readonly TableShape[]): Statement
  /**
   * Rows changed in each table since its statistics began, and entries written by triggers: `tbl, changed`, the entries' with `tbl` null; there `direct` says how
   * many have passed the intake by, which falls by those that were deleted there.
   */
  readCounters?(tables: readonly TableShape[]): Statement
  /** What is another one after a TRUNCATE, where that fires no trigger: `tbl, made`. May want a privilege of its own. */
  readMade?(tables: readonly TableShape[]): Statement
  /** What can go wrong unseen here, in sentences. */
  readonly unwatched: readonly string[]
}
