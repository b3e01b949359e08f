import type { CommandAnswer } from '../contracts.ts'
import { type AdminContext, type Author, appendDecision, standAt } from '../present-state.ts'
import { findRoute } from '../route-commands.ts'
import type { RareCommand } from './migrate-contracts.ts'

/** Says that an endpoint is used seldom, so that nobody waits for its requests. */
export async function markRare(
  context: AdminContext,
  { endpoint: typed, expectedVersion, rare }: RareCommand,
  author: Author,
): Promise<CommandAnswer> {
  const { state, table } = await standAt(context, expectedVersion)
  const endpoint = findRoute(table, typed).endpoint.id
  const isSo = (state.rareEndpoints?.[endpoint] !== undefined) === rare
  if (isSo) return { version: state.version, changed: false }
  return appendDecision(context, { kind: 'endpoint.rare', endpoint, rare }, { expectedVersion, author })
}
