import { UNDO_RESERVE_MS } from '../guide/cutover.ts'

/**
 * So long an attempt may take until its decision. One that has no luck with the processors is undone early, and another follows: two short holds are less
 * than a long one. The last may take whatever the configuration allows, since in the end it must succeed.
 */
const UNTIL_DECIDED_MS = [650, 650, 1_300] as const
const ATTEMPTS = UNTIL_DECIDED_MS.length + 1
/** After this no other attempt begins: somebody waits for the answer. */
export const TRY_FOR_MS = 20_000
const FIRST_PAUSE_MS = 500

/** Where the writes in flight do not end quickly a short hold would be in vain. */
const FIRST_OF_THE_SLOW = 2

/** The place of the next attempt in their row, from 0. */
export function placeOf({ next, isQuick }: { next: number; isQuick: boolean }): number {
  return isQuick ? next : Math.max(next, FIRST_OF_THE_SLOW)
}

export interface Attempt {
  readonly place: number
  /** The longest hold that is allowed. */
  readonly holdMs: number
}

/** After how long the hold of an attempt expires. */
export function holdForMs({ place, holdMs }: Attempt): number {
  const untilDecidedMs = UNTIL_DECIDED_MS[place]
  return untilDecidedMs === undefined ? holdMs : Math.min(holdMs, untilDecidedMs + UNDO_RESERVE_MS)
}

/** How long to wait before the attempt at this place; undefined when there is none. */
export function pauseBefore(place: number): number | undefined {
  return place < ATTEMPTS ? FIRST_PAUSE_MS * 2 ** (place - 1) : undefined
}

/** An attempt that was undone, as far as the process knows that has made it. */
export interface UndoneAttempt {
  /** It has undone it to the end by itself, for no other reason than that its time was over. */
  readonly isLate: boolean
  /** The line of the fence is its own. */
  readonly isFenced: boolean
  /** The journal's version of the line that began it, and once it was over. */
  readonly since: number
  readonly version: number
}

/** Nobody else has had to do with it, and since it began nobody has decided anything. */
export function mayTryAgain({ isLate, isFenced, since, version }: UndoneAttempt): boolean {
  const undoing = 2
  return isLate && version <= since + (isFenced ? 1 : 0) + undoing
}
