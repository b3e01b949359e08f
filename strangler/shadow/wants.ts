import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/ports.ts'
import type { RouteState } from '../core/words.ts'
import { silentFrom } from '../guide/silent-monolith.ts'
import type { Decision } from '../routing/decide.ts'

/** Whether an exchange is to be compared at all, as far as configuration and decisions say. */
export function createWants({
  config,
  random,
  state,
  clock,
}: {
  config: Config
  random: () => number
  state: () => RouteState | undefined
  clock: Clock
}): (decision: Decision) => boolean {
  return ({ endpoint, shadowTo }) => {
    if (endpoint === undefined || shadowTo === undefined) return false
    const { capability } = endpoint
    // The monolith's copy is given up in the end; it would differ more every day.
    const { owners, syncs, migrations } = state() ?? {}
    const isPast = shadowTo === 'monolith' && owners?.[capability]?.side === 'service'
    if (isPast && syncs?.[capability] === undefined) return false
    const { shadowPercent = 100 } = config.capabilities[capability] ?? {}
    // Once it has soaked it is counted who still reads the old tables: the kit must not be among them.
    if (
      isPast &&
      clock() >= (silentFrom(migrations?.[capability], shadowPercent) ?? Number.POSITIVE_INFINITY)
    )
      return false
    return shadowPercent >= 100 || random() * 100 < shadowPercent
  }
}
