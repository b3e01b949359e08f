import { StranglerError } from '../../core/errors.ts'
import { suggestNames } from '../../core/nearest-names.ts'
import type { AdminContext } from '../present-state.ts'

/** @throws StranglerError STRANGLER_UNKNOWN_CAPABILITY */
export function checkCapability({ config }: AdminContext, capability: string): void {
  const names = Object.keys(config.capabilities)
  if (names.includes(capability)) return
  throw new StranglerError(
    'STRANGLER_UNKNOWN_CAPABILITY',
    `"${capability}" is not a capability of the configuration.`,
    { fix: suggestNames(capability, names, 'strangler guide') },
  )
}
