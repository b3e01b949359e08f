import { endpointsSeen, enoughTraffic, noOverrides, proxyCost } from '../gates/traffic-gates.ts'
import { FREE, type Step } from '../step.ts'

export const observe = {
  id: 'observe',
  title: 'Put the proxy in front',
  why: 'Every request passes the proxy and still goes to the monolith. That shows what the proxy costs, which endpoints there are, and how they are used.',
  stage: 'observe',
  gates: [proxyCost, enoughTraffic, endpointsSeen, noOverrides],
  command: (capability) => `strangler migrate ${capability} next`,
  undoCost: () => FREE,
} satisfies Step
