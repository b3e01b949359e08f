import { canaryLongEnough, errorRate } from '../gates/canary-gates.ts'
import {
  coverage,
  enoughComparisons,
  latency,
  netMismatch,
  noOpenDifference,
} from '../gates/comparison-gates.ts'
import { quarantineEmpty } from '../gates/data-gates.ts'
import { lagLow } from '../gates/lag-gate.ts'
import { shapesCovered } from '../gates/shapes-gate.ts'
import { noOverrides } from '../gates/traffic-gates.ts'
import { FREE, type Step } from '../step.ts'

export const canary = {
  id: 'canary',
  title: 'Let a share of the users read from the service',
  why: 'First 1 % of the users, then more, always the same ones. Writes stay with the monolith, and whichever side did not answer is still asked and compared.',
  stage: 'canary',
  gates: [
    coverage,
    netMismatch,
    enoughComparisons,
    shapesCovered,
    noOpenDifference,
    latency,
    lagLow,
    quarantineEmpty,
    noOverrides,
    canaryLongEnough,
    errorRate,
  ],
  command: (capability) => `strangler migrate ${capability} next`,
  undoCost: () => FREE,
} satisfies Step
