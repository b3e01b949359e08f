import {
  dryRunDone,
  identitiesFit,
  logShort,
  readsSoaked,
  returnable,
  writersMoved,
} from '../gates/cutover-gates.ts'
import { quarantineEmpty, verifyClean } from '../gates/data-gates.ts'
import { noOverrides } from '../gates/traffic-gates.ts'
import { reversePathProven } from '../gates/way-back-gate.ts'
import type { Step } from '../step.ts'
import { undoOwned } from '../undo-owned.ts'

export const cutover = {
  id: 'cutover',
  title: 'Move the ownership',
  why: 'Writes wait while the last changes arrive, on a machine with a processor to spare for less than a second; then the service owns the data. From there on its changes are carried back to the monolith, so that the way back stays open.',
  stage: 'owned',
  gates: [
    readsSoaked,
    logShort,
    verifyClean,
    quarantineEmpty,
    reversePathProven,
    identitiesFit,
    writersMoved,
    dryRunDone,
    noOverrides,
  ],
  command: (capability) => `strangler migrate ${capability} cutover`,
  undoCost: undoOwned,
} satisfies Step

/** Looked at on the way back, too: safety, not evidence. */
export const BACK_GATES = [quarantineEmpty, returnable] as const
