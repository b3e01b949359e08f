import { FREE, type Step } from '../step.ts'

export const choose = {
  id: 'choose',
  title: 'Choose the pain point',
  why: 'One capability moves at a time, and the first should be the one that hurts most for the least that must be cut. Nothing changes yet.',
  stage: 'observe',
  gates: [],
  command: (capability) => `strangler migrate ${capability} next`,
  undoCost: () => FREE,
} satisfies Step
