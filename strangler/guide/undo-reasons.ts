/**
 * Why a cut-over is undone, as the error and the journal say it, and what to do about it. `docs/operations/cut-over.md` has a row for each, and
 * a test sees to it.
 */
export const UNDO_REASONS = {
  late: {
    says: 'it took longer than writes may be held',
    mend: 'Repeat it when the machine and the databases have less to do.',
  },
  unacknowledged: {
    says: 'the proxies and workers that hold their writes did not come in time',
    mend: 'Restart the one that is named, or, when it is gone for good, `strangler proxy evict` it.',
  },
  stepFailed: {
    says: 'could not be done',
    mend: 'Mend what the sentence names: a transaction that holds a table, or a database that did not answer. Then repeat it.',
  },
  onTheWay: {
    says: 'the last changes did not come in time',
    mend: '`strangler sync status` shows whether the other database, the queue or a refused row keeps them.',
  },
  untold: {
    says: 'the keys of the rows that were changed lately did not come in time',
    mend: '`strangler sync status` shows whether a process runs the sync; it must reach the control database.',
  },
  different: {
    says: 'what was changed lately is not the same on both sides',
    mend: '`strangler sync verify` compares all rows, and `strangler sync repair` mends them.',
  },
  numbersSpent: {
    says: 'the numbers are used up on the other side',
    mend: 'Give the columns that are named a larger type there.',
  },
  holdGone: {
    says: 'its hold is not in the journal',
    mend: '`strangler route history` says who has ended it; repeat the cut-over.',
  },
  elsewhere: {
    says: 'another process has decided so',
    mend: '`strangler route history` says who and why: the process that began it was silent for a second.',
  },
  takenOver: {
    says: 'another process drives it',
    mend: '`strangler hold status` says whether it is over, and `strangler route history` how it has ended.',
  },
} as const satisfies Record<string, { readonly says: string; readonly mend: string }>

export type UndoReason = keyof typeof UNDO_REASONS

/** Thrown by a step that cannot be done for one of the known reasons. */
export class UndoError extends Error {
  override readonly name = 'UndoError'

  constructor(reason: UndoReason, detail: string) {
    super(`${UNDO_REASONS[reason].says}: ${detail}`)
  }
}

/** What the journal keeps of a step that has failed. */
export function sayFailedStep(step: string, error: unknown): string {
  if (error instanceof UndoError) return `${step}: ${error.message}`
  return `${step} ${UNDO_REASONS.stepFailed.says}: ${error instanceof Error ? error.message : String(error)}`
}

/** What to do about a reason that was said. */
export function mendOfUndo(said: string): string | undefined {
  return Object.values(UNDO_REASONS).find(({ says }) => said.includes(says))?.mend
}
