import type { Config } from '../config/schema.ts'
import { StranglerError } from '../core/errors.ts'
import type { RouteState } from '../core/words.ts'
import { ownerOf } from './fold-cutover.ts'

type Capabilities = Pick<Config, 'capabilities'>

/**
 * The capabilities whose data the service owns, or is being given, by the journal, and of which the configuration knows no tables: it would send
 * their requests to the monolith, or take their way back for a toggle. What is retired may leave the configuration.
 */
export function findUnknownOwners({ capabilities }: Capabilities, state: RouteState): string[] {
  const moved = new Set([...Object.keys(state.owners ?? {}), ...Object.keys(state.cutovers ?? {})])
  return [...moved].filter((capability) => {
    if (state.migrations?.[capability]?.stage === 'retired') return false
    if (ownerOf(state, capability) === 'monolith' && state.cutovers?.[capability] === undefined) return false
    return (capabilities[capability]?.tables ?? []).length === 0
  })
}

/** @throws StranglerError STRANGLER_OWNER_NOT_CONFIGURED */
export function checkOwners(config: Capabilities, state: RouteState): void {
  const unknown = findUnknownOwners(config, state)
  if (unknown.length > 0) throw ownerNotConfigured(config, unknown)
}

export function ownerNotConfigured(
  { capabilities }: Capabilities,
  unknown: readonly string[],
): StranglerError {
  const missing = unknown.map((name) =>
    name in capabilities ? `\`capabilities.${name}.tables\`` : `\`capabilities.${name}\``,
  )
  return new StranglerError(
    'STRANGLER_OWNER_NOT_CONFIGURED',
    `By the journal the service owns the data of ${unknown.join(', ')}, and the configuration does not have ${missing.join(', ')}.`,
    {
      fix: `Write it as it was when the ownership moved. To rename it, or to leave it out, go back first, with the configuration as it was: ${unknown.map((name) => `\`strangler migrate ${name} back\``).join(', ')}.`,
    },
  )
}
