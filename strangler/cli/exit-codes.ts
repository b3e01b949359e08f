import { type ErrorCode, StranglerError } from '../core/errors.ts'

/** What the exit code tells a script. */
export const EXIT = { done: 0, failed: 1, notUnderstood: 2, refused: 3, unreachable: 4 } as const

export const EXIT_HELP = `
Exit codes: 0 done · 1 failed · 2 the command is not understood · 3 refused, or somebody else was faster · 4 not reachable`

const CODES: Partial<Record<ErrorCode, number>> = {
  STRANGLER_INVALID_COMMAND: EXIT.notUnderstood,
  STRANGLER_UNKNOWN_ENDPOINT: EXIT.notUnderstood,
  STRANGLER_UNKNOWN_CAPABILITY: EXIT.notUnderstood,
  STRANGLER_UNKNOWN_PROXY: EXIT.notUnderstood,
  STRANGLER_UNKNOWN_SAMPLE: EXIT.notUnderstood,
  STRANGLER_OPENAPI_UNREADABLE: EXIT.notUnderstood,
  STRANGLER_FILE_EXISTS: EXIT.refused,
  STRANGLER_NOTHING_LEARNT: EXIT.refused,
  STRANGLER_EXTRACT_REFUSED: EXIT.refused,
  STRANGLER_TOGGLE_REFUSED: EXIT.refused,
  STRANGLER_HOLD_CONFLICT: EXIT.refused,
  STRANGLER_AUTOPILOT_CALLS: EXIT.refused,
  STRANGLER_GATE_CLOSED: EXIT.refused,
  STRANGLER_STEP_REFUSED: EXIT.refused,
  STRANGLER_SYNC_REFUSED: EXIT.refused,
  STRANGLER_SYNC_CONFLICT: EXIT.refused,
  STRANGLER_SYNC_DIVERGED: EXIT.refused,
  STRANGLER_CUTOVER_REFUSED: EXIT.refused,
  STRANGLER_CUTOVER_UNDONE: EXIT.refused,
  STRANGLER_CONTRACT_UNKNOWN: EXIT.refused,
  STRANGLER_CONTRACT_BROKEN: EXIT.refused,
  STRANGLER_VERSION_CONFLICT: EXIT.refused,
  STRANGLER_UNAUTHORIZED: EXIT.refused,
  STRANGLER_FORBIDDEN: EXIT.refused,
  STRANGLER_TOO_MANY_ATTEMPTS: EXIT.refused,
  STRANGLER_ADMIN_UNREACHABLE: EXIT.unreachable,
  STRANGLER_CONTROL_DATABASE_UNREACHABLE: EXIT.unreachable,
  STRANGLER_SYNC_DATABASE_UNREACHABLE: EXIT.unreachable,
}

export function exitCodeOf(error: unknown): number {
  return error instanceof StranglerError ? (CODES[error.code] ?? EXIT.failed) : EXIT.failed
}
