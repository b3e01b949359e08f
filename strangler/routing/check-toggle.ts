import type { ModeSetting, Side, SyncOrder } from '../core/words.ts'
import type { Route } from './compile-table.ts'

/** Whether a toggle may be set, and if not, why and what to do instead. */
export type ToggleCheck =
  | { readonly pass: true }
  | { readonly pass: false; readonly reason: string; readonly fix: string; readonly unsafeWouldPass: boolean }

/** What keeps the copy that readers would be sent to. */
export interface CopyState {
  /** What the journal wants of the sync. */
  readonly order?: SyncOrder | undefined
  /** How far the copy is behind, as the sync says; absent while it is not filled, or says nothing. */
  readonly lagMs?: number | undefined
}

/**
 * A capability with tables moves as one: a single endpoint's toggle must not let both sides write, nor send reads to a copy that
 * nobody keeps or that is not filled yet. How old the copy is at a moment is looked at with every read. `unsafe` waives all this for a
 * capability that is not in use yet.
 */
export function checkToggle(
  route: Route,
  setting: ModeSetting,
  { unsafe, copy = {} }: { unsafe: boolean; copy?: CopyState },
): ToggleCheck {
  const { capability, endpoint } = route
  if (!capability.hasTables || unsafe || !leaves(capability.owner, setting)) return { pass: true }
  const { name, owner } = capability
  if (capability.isRetired) return refuseRetired(route)
  if (endpoint.effect === 'write') return refuseWrite(route)
  const missing = findMissing(name, copy)
  if (missing === undefined) return { pass: true }
  const side = owner === 'monolith' ? 'service' : 'monolith'
  return {
    pass: false,
    reason: `"${endpoint.id}" reads tables of ${name}, which the ${owner} owns, and ${missing.reason}, so readers would see old data on the ${side}.`,
    fix: `${missing.fix}, or add --unsafe if ${name} is not in use yet, or its data does not matter: \`strangler route set "${endpoint.id}" … --unsafe --because "…"\`.`,
    unsafeWouldPass: true,
  }
}

/** Whether any request goes to the side that does not own the data; in mode `shadow` the monolith answers. */
function leaves(owner: Side, setting: ModeSetting): boolean {
  if (setting.mode === 'canary') return owner === 'monolith' ? setting.percent > 0 : setting.percent < 100
  return owner === 'monolith' ? setting.mode === 'service' : setting.mode !== 'service'
}

/** Nothing leads back from there, so no command is named that would seem to. */
function refuseRetired({ capability: { name }, endpoint }: Route): ToggleCheck {
  const does = endpoint.effect === 'write' ? 'writes' : 'reads'
  return {
    pass: false,
    reason: `"${endpoint.id}" ${does} tables of ${name}, which is retired: the monolith knows nothing of what was written since.`,
    fix: `Leave it with the service: \`strangler route clear "${endpoint.id}"\` takes back what is set by hand. Or, if the rows of the day it was retired are what you want to see: \`strangler route set "${endpoint.id}" … --unsafe --because "…"\`.`,
    unsafeWouldPass: true,
  }
}

function refuseWrite({ capability: { name, owner }, endpoint }: Route): ToggleCheck {
  const unless = `add --unsafe if ${name} is not in use yet, or its data does not matter: \`strangler route set "${endpoint.id}" … --unsafe --because "…"\`.`
  const [other, fix] =
    owner === 'monolith'
      ? ['service', `Let its writes move with the cut-over, or ${unless}`]
      : ['monolith', `\`strangler migrate ${name} back\` moves the ownership.`]
  return {
    pass: false,
    reason: `"${endpoint.id}" writes tables of ${name}, which the ${owner} owns; writes on the ${other} would split the data between two databases.`,
    fix,
    unsafeWouldPass: true,
  }
}

/** Why there is no copy to read, and how there will be one. */
function findMissing(
  name: string,
  { order, lagMs }: CopyState,
): { readonly reason: string; readonly fix: string } | undefined {
  if (order === undefined)
    return { reason: 'no sync keeps a copy of them', fix: `\`strangler sync install ${name}\` begins one` }
  if (order.state === 'paused')
    return { reason: 'their sync is paused', fix: `\`strangler sync resume ${name}\` goes on with it` }
  if (order.backfill !== true && order.whole !== true)
    return {
      reason: 'their copy has not been filled',
      fix: `\`strangler sync backfill ${name}\` copies what is there`,
    }
  if (lagMs !== undefined) return undefined
  return {
    reason: 'their copy is not filled yet, or its sync does not run',
    fix: `\`strangler sync status ${name}\` says how far it is`,
  }
}
