import { StranglerError } from './errors.ts'
import { suggestNames } from './nearest-names.ts'

/**
 * A name that somebody has typed is that of a capability.
 * @throws StranglerError STRANGLER_UNKNOWN_CAPABILITY with the nearest names
 */
export function checkCapabilityName(typed: string, names: readonly string[]): void {
  if (names.includes(typed)) return
  throw new StranglerError(
    'STRANGLER_UNKNOWN_CAPABILITY',
    `"${typed}" is not a capability of the configuration.`,
    { fix: suggestNames(typed, names, 'strangler route list') },
  )
}
