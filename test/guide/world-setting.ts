import type { RouteState } from '../../strangler/core/words.ts'
import { GATE_PROFILES } from '../../strangler/guide/gate-profile.ts'
import { listPositions } from '../../strangler/guide/plan.ts'
import { configOf } from '../support/tables.ts'

export const CAPABILITY = 'inventory'
export const READ = 'GET /stock/:id'
export const WRITE = 'PUT /stock/:id'
export const CONFIG = configOf([READ, WRITE], { tables: ['stock'] })

/** The step after the one at which a journal stands. */
export function followingOf(state: RouteState) {
  const positions = listPositions(GATE_PROFILES.default, true)
  const at = state.migrations?.[CAPABILITY]
  const index = positions.findIndex(({ step, percent }) => step === at?.step && percent === at.percent)
  return positions[at === undefined ? 0 : index + 1]
}
