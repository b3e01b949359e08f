import type { ModeSetting } from '../core/words.ts'
import type { Route } from './compile-table.ts'

/** Whether a toggle may be set, and if not, why and what to do instead. */
export type ToggleCheck =
  | { readonly pass: true }
  | { readonly pass: false; readonly reason: string; readonly fix: string; readonly unsafeWouldPass: boolean }

/**
 * A capability with tables moves as one: a single endpoint's toggle must not let both sides write, nor send reads to a copy that
 * nobody keeps. `unsafe` waives this for a capability that is not synced yet.
 */
export function checkToggle(route: Route, setting: ModeSetting, options: { unsafe: boolean }): ToggleCheck {
  const { capability, endpoint } = route
  if (capability.hasTables && capability.owner === 'service') return checkOwned(route, setting, options)
  const leavesOwner = setting.mode === 'service' || (setting.mode === 'canary' && setting.percent > 0)
  if (!capability.hasTables || !leavesOwner || options.unsafe) return { pass: true }
  const reason =
    endpoint.effect === 'write'
      ? `"${endpoint.id}" writes tables of ${capability.name}, which the monolith owns; writes on the service would split the data between two databases.`
      : `"${endpoint.id}" reads tables of ${capability.name}, and no sync keeps the service's copy of them, so readers would see old data.`
  return {
    pass: false,
    reason,
    fix: `Add --unsafe if ${capability.name} is not in use yet, or its data does not matter: \`strangler route set "${endpoint.id}" … --unsafe --because "…"\`.`,
    unsafeWouldPass: true,
  }
}

/** After a cut-over reads may go back, since the sync keeps the monolith's copy; writes may not. */
function checkOwned(
  { capability, endpoint }: Route,
  setting: ModeSetting,
  options: { unsafe: boolean },
): ToggleCheck {
  if (endpoint.effect === 'read' || setting.mode === 'service' || options.unsafe) return { pass: true }
  return {
    pass: false,
    reason: `"${endpoint.id}" writes tables of ${capability.name}, which the service owns; writes on the monolith would split the data between two databases.`,
    fix: `\`strangler migrate ${capability.name} back\` moves the ownership.`,
    unsafeWouldPass: true,
  }
}
