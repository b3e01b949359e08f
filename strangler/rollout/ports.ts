import type { Clock, Journal, ReportError, Stoppable } from '../core/ports.ts'
import type { TriedTable } from '../core/sync-words.ts'
import type { Registration, RouteState, Side } from '../core/words.ts'

/** Keys of rows, by the table's name in the database that takes the writes. */
export type RowKeys = ReadonlyMap<string, readonly string[]>

/** What is in the way of a cut-over, and what mends it. */
export interface Obstacle {
  readonly reason: string
  readonly fix: string
  /** Where somebody asks for this kind alone. */
  readonly about?: 'identities'
}

/** A row that the other side cannot take. */
export interface RefusedRow {
  readonly table: string
  readonly key: string
  readonly error: string
}

/** What is not on the other side. */
export interface Left {
  /** What is on its way; a thousand a table at most. */
  readonly pending: RowKeys
  /** At most a thousand. */
  readonly refused: readonly RefusedRow[]
}

/** Whether the two databases are ready for a cut-over. */
export interface Readiness extends Left {
  /** Age of the oldest change that is not there, a refused one too; undefined while the other side is no whole copy. */
  readonly lagMs: number | undefined
  readonly obstacles: readonly Obstacle[]
}

/**
 * The two databases of a cut-over. The fencing token grows with every cut-over and with its undoing: what belongs to an older one is refused, however late it
 * comes (STRANGLER_SYNC_CONFLICT). So is everything once somebody has installed or uninstalled since `readLots`. Every step may be repeated; those with a `deadline` (epoch ms) give up then.
 */
export interface CutoverDatabases extends Stoppable {
  /** The newest fencing token of the target, and of either. Read before the journal, it stands for what the journal says: a later cut-over raises it. */
  readTokens(): Promise<{ readonly target: number; readonly newest: number }>
  /**
   * Reads whose installation stands, as opening does; the journal is to be read after that.
   * @returns whether it is another one than before
   */
  readLots(): Promise<boolean>
  /** Ahead of time, while everything is written as before. */
  prepare(deadline: number): Promise<void>
  /** Both know this token from now on, or one of them. @throws when a later one is known there */
  enter(token: number, at?: 'source' | 'target'): Promise<void>
  closeTarget(token: number, deadline: number): Promise<void>
  closeSource(token: number, deadline: number): Promise<void>
  openSource(token: number, deadline: number): Promise<void>
  /** Undoes what `closeTarget` has made stricter. */
  easeTarget(token: number, deadline: number): Promise<void>
  openTarget(token: number, deadline: number): Promise<void>
  /** Something was written: nobody should wait for the next round. */
  hurry(): void
  readLeft(): Promise<Left>
  readiness(): Promise<Readiness>
  /**
   * Keys that were changed lately. Where another process runs the sync, it says so at the fence of a cut-over; undefined while it has not.
   * @throws when it says that changes may have been missed
   */
  recentKeys(cutoverId?: string): Promise<RowKeys | undefined>
  /** Which of them are not the same on both sides. Nothing may be on its way. */
  findDifferent(keys: RowKeys): Promise<RowKeys>
  /** Lets the new owner number its rows above the old one's. @returns the columns that cannot */
  alignIdentities(token: number): Promise<readonly string[]>
  /** Takes a row of each table from the other side back to the owner; both forget it. */
  tryWayBack(deadline: number): Promise<readonly TriedTable[]>
  /** How long fencing takes at least, milliseconds; measured where the fence stands already, and nobody is waited for. */
  measureFence(token: number): Promise<number>
}

export interface CoordinatorOptions extends RolloutPorts {
  /** For how long writes may be held. */
  readonly holdMs: number
}

export interface RolloutPorts {
  /** The newest state, from the control database. */
  readState(): Promise<RouteState>
  readonly append: Journal['append']
  listRegistrations(): Promise<readonly Registration[]>
  /** Takes or keeps the right to drive a cut-over; false while somebody else has it, who was heard of less than a second ago. */
  holdLease(cutoverId: string): Promise<boolean>
  openDatabases(capability: string, to: Side): Promise<CutoverDatabases>
  readonly report: ReportError
  readonly clock: Clock
  /** The control database's clock, epoch ms: registrations are dated by it. */
  readonly databaseClock: () => Promise<number>
}
