import type { Direction } from './sync-words.ts'

/**
 * How far the copy of each capability's data is, as this process knows it now. Everything is answered from memory, and `undefined`
 * means: not known (no sync, one that is paused or not filled yet, or no word from it for two seconds).
 */
export interface DataPosition {
  /** Age of the oldest change that the copy has not got, milliseconds; at most so much, the word's own age included. */
  lagMs(capability: string): number | undefined
  /** Everything that was committed in W before this moment (epoch milliseconds of W's clock) is applied in T. */
  appliedThrough(capability: string): number | undefined
  /** W's clock now: between `ms - errorMs` and `ms + errorMs`. Known for a while after the last word of the sync too. */
  sourceNow(capability: string): ClockEstimate | undefined
}

/** The same for a proxy, which also remembers moments of its own clock. */
export interface LocalPosition extends DataPosition {
  /** Whether the journal has a sync for it: then somebody may read a copy, now or soon. */
  isSynced(capability: string): boolean
  /** `appliedThrough` on this process's own clock (`performance.now()`): what was committed before is applied for certain. */
  appliedThroughHere(capability: string): number | undefined
}

/** A clock that somebody else keeps. Epoch milliseconds of that clock; it shows at least `ms - errorMs`, and `ms + errorMs` at most. */
export interface ClockEstimate {
  readonly ms: number
  readonly errorMs: number
}

/** What a running sync says of itself, at least twice a second. */
export interface SyncHeartbeat {
  readonly capability: string
  readonly epoch: number
  readonly direction: Direction
  /** Age of the oldest change that T has not got; absent while T is no whole copy, or nothing is carried. */
  readonly lagMs?: number
  /** Epoch milliseconds of W's clock; absent together with `lagMs`. */
  readonly appliedThrough?: number
  /** Entries in W's log. */
  readonly entries: number
  /** Rows that T could not apply and that are tried again. */
  readonly refused: number
  /** W's clock at the moment `at`. */
  readonly source: ClockEstimate
  /** When all this was so: milliseconds of the reading process's monotonic clock (`performance.now()`). */
  readonly at: number
}

/** The last heartbeat of a sync, as it counts now. */
export interface HeardHeartbeat {
  readonly heartbeat: SyncHeartbeat
  readonly ageMs: number
  /** Absent while it is not known. */
  readonly lagMs: number | undefined
}

/** Keeps for a while which client has written when, for every proxy. A client is named by a text that says nothing of it. */
export interface MarkStore {
  /** A write is about to leave: until `close` the client counts as one that has just written. @throws when it is not stored */
  open(write: MarkedWrite): Promise<void>
  /** The write is over: everything of it was committed before `through` (W's clock; Infinity: not known). @throws */
  close(write: MarkedWrite, through: number): Promise<void>
  /** The latest of the client's marks; Infinity while a write is open, undefined when there is none. @throws when it cannot be read */
  latest(client: string): Promise<number | undefined>
}

export interface MarkedWrite {
  readonly client: string
  /** Tells the writes of one client apart that are open at once. */
  readonly id: string
  /** How long the mark is kept once the write is over. */
  readonly keepMs: number
  /** How long the write may take. */
  readonly longestMs: number
}
