import type { RouteState, Side } from '../core/words.ts'
import { ownerOf } from '../routing/fold-cutover.ts'
import type { RehearsalAnswer } from './cutover-contracts.ts'
import { isRetired } from './sync-commands.ts'

/** Where no sync is installed the databases hold nothing of the kit's that could be measured: the journal alone says what is in the way. */
export function rehearseWithoutSync(
  state: RouteState,
  { capability, to }: { readonly capability: string; readonly to: Side },
): RehearsalAnswer {
  return { obstacles: [findObstacle(state, { capability, to })], parts: {}, predictedMs: 0 }
}

function findObstacle(
  state: RouteState,
  { capability, to }: { readonly capability: string; readonly to: Side },
): RehearsalAnswer['obstacles'][number] {
  if (isRetired(state, capability))
    return {
      reason: `${capability} is retired, and the monolith does not know what was written since`,
      fix: `Nothing leads back. \`strangler migrate ${capability} status\` names what the monolith does not need any more.`,
    }
  if (ownerOf(state, capability) === to)
    return {
      reason: `the ${to} owns ${capability} already, and no sync is installed: no write would be held`,
      fix:
        to === 'monolith'
          ? `Nothing is to be moved: going back costs nothing. \`strangler migrate ${capability} back\` goes back one step.`
          : 'Nothing is to be done.',
    }
  const later = to === 'monolith' ? `, then \`strangler sync backfill ${capability}\`` : ''
  return {
    reason: `the sync of ${capability} is not installed`,
    fix: `\`strangler sync install ${capability}\`${later}; \`strangler guide ${capability}\` says which step comes next.`,
  }
}
