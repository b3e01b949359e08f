import type { Migration } from '../core/guide-words.ts'
import { GATE_PROFILES } from './gate-profile.ts'

/**
 * From when on the kit asks the monolith nothing of a capability that the service owns: once it has soaked, its answers have been compared for
 * long enough. From then on whoever still reads the old tables is somebody else. Epoch ms; undefined: no end is in sight.
 */
export function silentFrom(
  migration: Migration | undefined,
  shadowPercent: number | undefined,
): number | undefined {
  if (migration?.stage !== 'owned') return undefined
  const enteredAt = Date.parse(migration.enteredAt)
  if (shadowPercent === 0) return enteredAt
  return migration.step === 'soak' ? enteredAt + GATE_PROFILES[migration.profile].soakMs : undefined
}
