import type { HoldPhase, Side } from './words.ts'

/** What a program that works in the background is told about a capability. */
export interface OwnerPosition {
  readonly capability: string
  readonly owner: Side
  /** Grows with every change of the owner. */
  readonly epoch: number
  /** Nobody may write while there is one: the owner is about to change, or not. */
  readonly hold: OwnerHold | null
  /** The journal's version at which it is so. */
  readonly version: number
  /** Another one when owner, epoch or hold have changed: sent back as `seen`, it lets an answer wait for that. */
  readonly tag: string
}

interface OwnerHold {
  readonly id: string
  readonly phase: HoldPhase
  /** ISO 8601. A fenced one does not expire. */
  readonly expiresAt: string
}

/** What a worker tells of itself with every question. */
export interface WorkerReport {
  readonly host: string
  readonly pid: number
  /** It stops by itself when it has heard nothing for so long. */
  readonly leaseMs: number
  /** The holds under which it does not work. It may claim one only after its work has ended. */
  readonly acknowledged: readonly string[]
}
