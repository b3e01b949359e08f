import { mappingProven, preflightClean } from '../gates/data-gates.ts'
import { FREE, type Step } from '../step.ts'

export const sync = {
  id: 'sync',
  title: 'Copy the data',
  why: "The monolith's rows, and every change of them from now on, are copied into the service's database. The monolith's transactions only write keys into a log.",
  stage: 'sync',
  gates: [preflightClean, mappingProven],
  command: (capability) => `strangler migrate ${capability} next`,
  undoCost: () => FREE,
} satisfies Step
