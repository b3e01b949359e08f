import type { ForwardOutcome } from './forward.ts'

/** Sides answer within this, and people click away within it; a client that has waited longer has met its own deadline. */
const LONGEST_PATIENCE_MS = 2_000

/**
 * Whether the client went because the side did not answer. Most clients' deadlines are shorter than the proxy's: if their going said nothing
 * of the side, one that hangs would look as if nobody asked it.
 */
export function hasGivenUp(outcome: ForwardOutcome): boolean {
  return outcome.kind === 'client-gone' && (outcome.waitedMs ?? 0) >= LONGEST_PATIENCE_MS
}
