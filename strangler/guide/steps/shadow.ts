import { backfillDone, quarantineEmpty, verifyClean } from '../gates/data-gates.ts'
import { lagLow } from '../gates/lag-gate.ts'
import { noOverrides } from '../gates/traffic-gates.ts'
import { FREE, type Step } from '../step.ts'

export const shadow = {
  id: 'shadow',
  title: 'Shadow the service',
  why: 'The monolith answers every client as before; afterwards a copy of each read goes to the service, and the two answers are compared. Nobody sees what the service says.',
  stage: 'shadow',
  gates: [backfillDone, verifyClean, lagLow, quarantineEmpty, noOverrides],
  command: (capability) => `strangler migrate ${capability} next`,
  undoCost: () => FREE,
} satisfies Step
