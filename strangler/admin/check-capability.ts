import { checkCapabilityName } from '../core/check-capability-name.ts'
import type { AdminContext } from './present-state.ts'

/** @throws StranglerError STRANGLER_UNKNOWN_CAPABILITY */
export function checkCapability({ config }: AdminContext, capability: string): void {
  checkCapabilityName(capability, Object.keys(config.capabilities))
}
