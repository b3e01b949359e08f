import { noStrayWrites } from '../gates/cutover-gates.ts'
import { noCaller, ownedLongEnough } from '../gates/retire-gates.ts'
import { noStatement } from '../gates/statement-gate.ts'
import { endpointsSeen } from '../gates/traffic-gates.ts'
import type { Step } from '../step.ts'

export const retire = {
  id: 'retire',
  title: 'Retire the old side',
  why: "The sync and its triggers are taken out of both databases, and the monolith's code and tables for it can be deleted. This is the one step without a way back.",
  stage: 'retired',
  gates: [ownedLongEnough, noCaller, noStatement, noStrayWrites, endpointsSeen],
  command: (capability) => `strangler migrate ${capability} retire`,
  undoCost: () => ({
    kind: 'impossible',
    reason: 'Nothing is carried back any more, so the monolith does not know what was written since.',
  }),
} satisfies Step
