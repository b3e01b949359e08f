import { checkCapability } from '../check-capability.ts'
import type { CommandAnswer } from '../contracts.ts'
import { type AdminContext, type Author, appendDecision, standAt } from '../present-state.ts'
import type { AutoCommand } from './migrate-contracts.ts'
import { refused } from './refuse-step.ts'

/** Switches the autopilot of a capability on or off. It runs in the kit and not in whoever asks, so it survives a terminal and a restart. */
export async function switchAutopilot(
  context: AdminContext,
  { capability, expectedVersion, until }: AutoCommand,
  author: Author,
): Promise<CommandAnswer> {
  checkCapability(context, capability)
  const { state } = await standAt(context, expectedVersion)
  const present = state.autopilots?.[capability]
  if (until === 'off') {
    if (present === undefined) return { version: state.version, changed: false }
    return appendDecision(context, { kind: 'autopilot.stopped', capability }, { expectedVersion, author })
  }
  if (state.migrations?.[capability] === undefined)
    throw refused(
      capability,
      'The first step is for a person: it chooses the capability.',
      `\`strangler migrate ${capability} next\``,
    )
  if (present?.until === until) return { version: state.version, changed: false }
  const event = { kind: 'autopilot.started', capability, until } as const
  return appendDecision(context, event, { expectedVersion, author })
}
