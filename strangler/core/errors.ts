import { ERRORS, type ErrorCode, helpOf } from './error-catalogue.ts'

export { ERRORS, type ErrorCode } from './error-catalogue.ts'

/** An error of the kit: a code of the catalogue, a sentence about what was found where, and what mends it. */
export class StranglerError extends Error {
  readonly code: ErrorCode
  /** What to do about it: usually a command. */
  readonly fix: string | undefined
  /** Plain data for machines; never a secret. */
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: { fix?: string; details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'StranglerError'
    this.code = code
    this.fix = options.fix
    this.details = options.details
  }

  /** The HTTP status of the catalogue. */
  get status(): number {
    return ERRORS[this.code].status
  }
}

/** What was found and what mends it, for a line of a report. */
export function sayWithFix(error: unknown): string {
  if (error instanceof StranglerError && error.fix !== undefined) return `${error.message} ${error.fix}`
  return error instanceof Error ? error.message : String(error)
}

/** The one paragraph that a person gets: what, where, why, the command that mends it, and where more is written. */
export function describeError(error: unknown): string {
  if (!(error instanceof StranglerError))
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  const fix = error.fix === undefined ? '' : ` ${error.fix}`
  return `${error.code}: ${ERRORS[error.code].title}. ${error.message}${fix} (${helpOf(error.code)})`
}
