import type { Cutover, Hold } from '../core/words.ts'
import { UNDO_REASONS } from './undo-reasons.ts'

/** What is left of the hold's time for undoing, once the decision has not fallen. */
export const UNDO_RESERVE_MS = 1_000

/** Without a word of its coordinator for so long, somebody else drives a cut-over on. */
export const COORDINATOR_SILENT_MS = 1_000

/**
 * What is done next. Each step may be repeated by anybody; `decide`, `abort`, `release` and `end-undo` are lines of the journal, which count once.
 */
export type CutoverStep =
  | 'await-acknowledgements'
  | 'fence'
  | 'close-source'
  | 'drain'
  | 'compare'
  | 'align'
  | 'decide'
  | 'open-target'
  | 'release'
  | 'abort'
  | 'open-source'
  | 'end-undo'

/** The steps that somebody has done himself; whoever takes over begins again with none. */
export type DoneSteps = ReadonlySet<CutoverStep>

export interface CutoverPosition {
  readonly cutover: Cutover
  readonly hold: Hold | undefined
  readonly done: DoneSteps
  /** Why it cannot succeed any more. */
  readonly failure: string | undefined
  readonly now: number
}

/** In this order, before the fence and behind it. */
const BEFORE_FENCE = ['await-acknowledgements', 'fence'] as const
const BEHIND_FENCE = ['close-source', 'drain', 'compare', 'align', 'decide'] as const

/**
 * The next step of a cut-over, from the journal's fold. The journal decides alone: until it says `decided` nothing of the target is opened, and until
 * it says `undoing` the source stays closed.
 */
export function nextStep(position: CutoverPosition): CutoverStep {
  const { cutover, hold, done } = position
  if (cutover.phase === 'decided') return done.has('open-target') ? 'release' : 'open-target'
  if (cutover.phase === 'undoing') return done.has('open-source') ? 'end-undo' : 'open-source'
  if (whyAbort(position) !== undefined) return 'abort'
  const steps = hold?.phase === 'fenced' ? BEHIND_FENCE : BEFORE_FENCE
  return steps.find((step) => !done.has(step)) ?? 'decide'
}

/** Why an undecided cut-over must be undone; undefined while it may go on. */
export function whyAbort({ hold, failure, now }: CutoverPosition): string | undefined {
  if (failure !== undefined) return failure
  if (hold === undefined) return UNDO_REASONS.holdGone.says
  return now >= decideBefore(hold) ? UNDO_REASONS.late.says : undefined
}

/** Later than this it is undone. */
export function decideBefore(hold: Hold): number {
  return hold.expiresAt - UNDO_RESERVE_MS
}
