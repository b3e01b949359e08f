import type { Config } from '../config/schema.ts'
import type { RouteState } from '../core/words.ts'
import type { Decision } from '../routing/decide.ts'

/** Whether an exchange is to be compared at all, as far as configuration and decisions say. */
export function createWants({
  config,
  random,
  state,
}: {
  config: Config
  random: () => number
  state: () => RouteState | undefined
}): (decision: Decision) => boolean {
  return ({ endpoint, shadowTo }) => {
    if (endpoint === undefined || shadowTo === undefined) return false
    const { capability } = endpoint
    // The monolith's copy is given up in the end; it would differ more every day.
    const { owners, syncs } = state() ?? {}
    const isPast = shadowTo === 'monolith' && owners?.[capability]?.side === 'service'
    if (isPast && syncs?.[capability] === undefined) return false
    const { shadowPercent = 100 } = config.capabilities[capability] ?? {}
    return shadowPercent >= 100 || random() * 100 < shadowPercent
  }
}
