import { UNDO_RESERVE_MS } from '../guide/cutover.ts'

/**
 * So long an attempt may take until its decision. One that has no luck with the processors is undone early, and another follows: two short holds are less
 * than a long one. The last may take whatever the configuration allows, since in the end it must succeed.
 */
const SHORT_MS = 650
/** Beyond what the writes in flight took when they were asked about. */
const BESIDE_WRITES_MS = 350
const ATTEMPTS = 4
/** After this no other attempt begins: somebody waits for the answer. */
const TRY_FOR_MS = 20_000
const FIRST_PAUSE_MS = 500

export interface Attempt {
  /** Attempts before this one. */
  readonly earlier: number
  /** The time that the writes in flight took to end, just now. */
  readonly writesMs: number
  /** The longest hold that is allowed. */
  readonly holdMs: number
}

/** After how long the hold of an attempt expires. */
export function holdForMs({ earlier, writesMs, holdMs }: Attempt): number {
  if (earlier >= ATTEMPTS - 1) return holdMs
  const untilDecided = Math.max(SHORT_MS, writesMs + BESIDE_WRITES_MS)
  return Math.min(holdMs, Math.ceil(untilDecided) + UNDO_RESERVE_MS)
}

/** How long to wait before the next attempt; undefined when there is none. */
export function pauseBeforeNext({ made, spentMs }: { made: number; spentMs: number }): number | undefined {
  const pauseMs = FIRST_PAUSE_MS * 2 ** (made - 1)
  return made < ATTEMPTS && spentMs + pauseMs < TRY_FOR_MS ? pauseMs : undefined
}
