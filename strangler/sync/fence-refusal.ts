import { StranglerError } from '../core/errors.ts'

/** What both databases answer where a fence refuses: their own code, so that nobody takes it for a guard, a constraint or a lock. */
export const FENCE_SQLSTATE = 'STR01'

/** TypeORM wraps the driver's error, and copies its fields. PostgreSQL's driver calls it `code`, MariaDB's `sqlState`. */
export function isFenceRefusal(error: unknown): boolean {
  const { code, sqlState } = (error ?? {}) as Record<string, unknown>
  return code === FENCE_SQLSTATE || sqlState === FENCE_SQLSTATE
}

/** @throws StranglerError STRANGLER_SYNC_CONFLICT for a fence's refusal; anything else as it is */
export function rethrowRefusal(error: unknown): never {
  if (!isFenceRefusal(error)) throw error
  throw new StranglerError(
    'STRANGLER_SYNC_CONFLICT',
    'Another cut-over, undoing, installation or uninstallation has begun meanwhile, and nothing more of this one was done.',
    { fix: '`strangler sync status` says how it stands now; then repeat the command.', cause: error },
  )
}
