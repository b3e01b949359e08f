/** The part of the catalogue that speaks of comparisons and contracts. */
export const COMPARISON_ERRORS = {
  STRANGLER_UNKNOWN_SAMPLE: {
    status: 404,
    title: 'There is no such sample',
    when: 'A command names a sample that is not kept, or not any more: of every place that differs, the first five and the latest five stay.',
    help: 'Use an id that `strangler compare samples` shows.',
  },
  STRANGLER_CONTRACT_UNKNOWN: {
    status: 409,
    title: 'There is no contract yet',
    when: '`strangler contract record` was given before the monolith had answered anybody at an endpoint of the capability, or `strangler contract verify` before one was recorded, or it names a file that is no contract.',
    help: 'Let requests pass through the proxy, then `strangler contract record CAPABILITY`.',
  },
  STRANGLER_CONTRACT_BROKEN: {
    status: 409,
    title: 'The service answers otherwise than its contract says',
    when: '`strangler contract verify` found answers that are not as the contract says, or endpoints that it had no values to ask with. `details.failures` has each with its endpoint, status, place and what was expected.',
    help: 'Mend the service; give values with `--param` or `--examples`; or record the contract anew when it is the monolith that has changed.',
  },
} as const
