import type { OwnerPosition } from '../core/owner-words.ts'
import type { Side } from '../core/words.ts'

/** What a worker knows when it decides what to do next. */
export interface WorkView {
  readonly side: Side
  /** The kit's answer to the newest report; undefined before the first, and when the lease is over. */
  readonly position: OwnerPosition | undefined
  readonly isRunning: boolean
  /** What that report claimed. */
  readonly acknowledged: readonly string[]
}

export type WorkStep =
  | { readonly kind: 'stop' }
  | { readonly kind: 'start' }
  /** The kit must hear of this before anything else happens. */
  | { readonly kind: 'tell'; readonly acknowledged: readonly string[] }
  | { readonly kind: 'wait' }

/**
 * Work runs while its side owns and nobody holds. A hold is acknowledged only after the work has ended, and work begins only on the
 * answer to a report, which the kit reads from the journal after the report has taken effect: a hold that began before is in the answer,
 * and one that begins later finds this worker registered and waits for it. Either way no cut-over passes beside work that runs.
 */
export function decideWork({ side, position, isRunning, acknowledged }: WorkView): WorkStep {
  const mayRun = position !== undefined && position.owner === side && position.hold === null
  if (isRunning) return mayRun ? { kind: 'wait' } : { kind: 'stop' }
  const due = position?.hold == null ? [] : [position.hold.id]
  if (position !== undefined && due.join() !== acknowledged.join()) return { kind: 'tell', acknowledged: due }
  return mayRun ? { kind: 'start' } : { kind: 'wait' }
}
