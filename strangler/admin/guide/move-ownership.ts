import type { Side } from '../../core/words.ts'
import { findCoordinator } from '../cutover-commands.ts'
import { type AdminContext, type Author, showAuthor } from '../present-state.ts'

export interface OwnershipMove {
  readonly capability: string
  readonly to: Side
  readonly expectedVersion: number
  readonly author: Author
  /** Rows that the other side refuses, and that are left behind. */
  readonly lose?: number | undefined
}

export interface OwnershipMoved {
  /** At which the journal stands then. */
  readonly version: number
  /** How long writes were held. */
  readonly heldMs: number
  /** How long the holds before were, which the kit has undone and tried again by itself. */
  readonly undoneMs: number[]
}

/** The cut-over, either way; by its line in the journal the stage follows. @throws StranglerError STRANGLER_CUTOVER_REFUSED, STRANGLER_CUTOVER_UNDONE */
export async function moveOwnership(
  context: AdminContext,
  { author, ...move }: OwnershipMove,
): Promise<OwnershipMoved> {
  const { because } = author
  const { version, heldMs, undoneMs } = await findCoordinator(context, move.capability).cutOver({
    ...move,
    by: showAuthor(author),
    because,
  })
  return { version, heldMs, undoneMs: [...undoneMs] }
}
