import type { Stage, StepId, UndoCost } from '../core/guide-words.ts'
import type { Gate } from './gate.ts'
import type { GuideSnapshot } from './snapshot.ts'

/** One step of a migration. The page `docs/guide/<number>-<id>.md` explains it, and the commands take it. */
export interface Step {
  readonly id: StepId
  readonly title: string
  /** Why it is worth taking, and why it is safe, in one or two sentences. */
  readonly why: string
  /** The stage that it enters. */
  readonly stage: Stage
  /** What must be true to enter it; for a canary, for every percentage. */
  readonly gates: readonly Gate[]
  /** The command that takes it. */
  command(capability: string): string
  /** What going back from it costs now. */
  undoCost(snapshot: GuideSnapshot): UndoCost
}

export const FREE: UndoCost = Object.freeze({
  kind: 'free',
  reason: 'The monolith still has every row and every write: going back is one command and loses nothing.',
})
