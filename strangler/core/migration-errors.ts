/** The part of the catalogue about steps, gates and cut-overs. */
export const MIGRATION_ERRORS = {
  STRANGLER_AUTOPILOT_CALLS: {
    status: 409,
    title: 'The autopilot waits for a person',
    when: '`strangler migrate <capability> status` while the autopilot is on: the next step moves the ownership or has no way back, or the service owns and users are being hurt. It never moves ownership by itself.',
    help: 'Look at `strangler guide <capability>`; take the step yourself, go back, or mend the service.',
  },
  STRANGLER_GATE_CLOSED: {
    status: 409,
    title: 'A gate of the step is closed',
    when: '`strangler migrate <capability> next`, `cutover` or `retire`, or the way back from an owned stage: something that must be true first is not, or is not known yet. `details.gates` holds each gate with its reason, its numbers and the command that mends it.',
    help: 'Do what the gates name, or wait for what they count. Whoever knows better than a gate passes it with `--override <gate> --because "…"`; the journal keeps both.',
  },
  STRANGLER_STEP_REFUSED: {
    status: 409,
    title: 'The step cannot be taken from here',
    when: 'A command of `strangler migrate` asks for a step that does not follow on the present one, for a profile that the configuration does not allow, or for an override without a reason.',
    help: 'See where the capability is with `strangler guide <capability>`, which names the next step and its command.',
  },
  STRANGLER_CUTOVER_REFUSED: {
    status: 409,
    title: 'The capability cannot be cut over now',
    when: 'The pre-flight of a cut-over has found something in its way, before any write was held. `details.obstacles` lists all of it.',
    help: 'Mend what the message names; `strangler migrate CAPABILITY cutover --dry-run` looks again and changes nothing.',
  },
  STRANGLER_CUTOVER_UNDONE: {
    status: 409,
    title: 'The cut-over was undone',
    when: 'A cut-over could not be finished within the time that writes may be held, or one of its steps failed. The writes went on at the old owner; nothing was lost.',
    help: 'Look at the reason, which the journal has as well (`strangler route history`), and repeat it.',
  },
} as const
