import type { Position } from '../../core/guide-words.ts'
import { checkGates, nextPosition } from '../../guide/plan.ts'
import { checkCapability } from '../check-capability.ts'
import { type AdminContext, type Author, appendDecision, findPosition } from '../present-state.ts'
import { isRetired, uninstallSync } from '../sync-commands.ts'
import { leftoversOf, toPlain } from './describe-guide.ts'
import { gatherSnapshot } from './gather-snapshot.ts'
import type { RetireCommand, RetireRehearsal, StepAnswer } from './migrate-contracts.ts'
import { refused, retiredAlready } from './refuse-step.ts'
import { enterEvent, passGates, standAtStep } from './step-commands.ts'

const RETIRE: Position = { step: 'retire' }

/** The one step without a way back: the sync leaves both databases, and what the monolith does not need any more is named. */
export async function retireCapability(
  context: AdminContext,
  command: RetireCommand,
  author: Author,
): Promise<StepAnswer> {
  const { capability, expectedVersion, override } = command
  const { snapshot, state } = await standAtStep(context, command)
  if (isRetired(state, capability)) throw retiredAlready(capability)
  if (nextPosition(snapshot)?.step !== 'retire')
    throw refused(capability, 'Only what the service has owned for its soak can be retired.')
  const passed = passGates(snapshot, { position: RETIRE, override, author })
  const event = enterEvent(snapshot, state, { position: RETIRE, ...passed })
  const answer = await appendDecision(context, event, { expectedVersion, author })
  const done = { capability, position: RETIRE, ...passed, leftovers: leftoversOf(context, capability) }
  if (!snapshot.hasTables) return { ...answer, ...done }
  // When the databases fail now, `strangler sync uninstall` does the rest.
  const { version } = await uninstallSync(context, { capability, expectedVersion: answer.version }, author)
  return { ...answer, version, ...done }
}

/**
 * What would be retired, and what is in the way. Changes nothing.
 * @throws StranglerError STRANGLER_STEP_REFUSED when it is retired
 */
export async function rehearseRetirement(
  context: AdminContext,
  capability: string,
): Promise<RetireRehearsal> {
  checkCapability(context, capability)
  const position = await findPosition(context)
  if (isRetired(position.state, capability)) throw retiredAlready(capability)
  const snapshot = await gatherSnapshot(context, { capability, position })
  return {
    capability,
    gates: checkGates(RETIRE, snapshot).map(toPlain),
    leftovers: leftoversOf(context, capability),
  }
}
