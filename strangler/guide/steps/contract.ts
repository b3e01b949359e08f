import { contractPassed, contractRecorded } from '../gates/contract-gates.ts'
import { FREE, type Step } from '../step.ts'

export const contract = {
  id: 'contract',
  title: 'Record the contract',
  why: "What the monolith answers is written down as an OpenAPI document, and the service's own tests can be run against it before any traffic reaches it.",
  stage: 'observe',
  gates: [contractRecorded, contractPassed],
  command: (capability) => `strangler migrate ${capability} next`,
  undoCost: () => FREE,
} satisfies Step
