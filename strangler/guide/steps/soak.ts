import { netMismatch, noOpenDifference } from '../gates/comparison-gates.ts'
import { noStrayWrites, returnable } from '../gates/cutover-gates.ts'
import { verifyClean } from '../gates/data-gates.ts'
import { lagLow } from '../gates/lag-gate.ts'
import type { Step } from '../step.ts'
import { undoOwned } from '../undo-owned.ts'

export const soak = {
  id: 'soak',
  title: 'Let it soak',
  why: 'The service owns the data, the monolith has a copy that is kept, and its answers are still compared. A bad week shows itself while going back is one command.',
  stage: 'owned',
  gates: [lagLow, verifyClean, noStrayWrites, returnable, netMismatch, noOpenDifference],
  command: (capability) => `strangler migrate ${capability} next`,
  undoCost: undoOwned,
} satisfies Step
