/**
 * The one catalogue of errors. Each has a code, an HTTP status, a sentence and what to do about it; docs/reference/errors.md
 * is written from it. A message says what was found, in which named thing, and why it matters; `fix` names the command.
 */
export const ERRORS = {
  // configuration and start
  STRANGLER_CONFIG_INVALID: { status: 500, title: 'The configuration is not valid' },
  STRANGLER_CONFIG_NOT_FOUND: { status: 500, title: 'There is no configuration file' },
  STRANGLER_ENDPOINT_TIE: { status: 500, title: 'Two endpoints match the same requests' },
  STRANGLER_PORT_IN_USE: { status: 500, title: 'A port is taken' },
  STRANGLER_SIDE_UNREACHABLE: { status: 500, title: 'A side does not answer' },
  STRANGLER_CONTROL_DATABASE_UNREACHABLE: { status: 503, title: 'The control database does not answer' },
  STRANGLER_POSTGRES_START_FAILED: { status: 500, title: 'The embedded PostgreSQL did not start' },
  STRANGLER_REDIS_UNREACHABLE: { status: 503, title: 'Redis does not answer' },
  // commands
  STRANGLER_UNKNOWN_ENDPOINT: { status: 404, title: 'No capability has this endpoint' },
  STRANGLER_UNKNOWN_CAPABILITY: { status: 404, title: 'There is no such capability' },
  STRANGLER_UNKNOWN_PROXY: { status: 404, title: 'No proxy is registered under this id' },
  STRANGLER_INVALID_COMMAND: { status: 400, title: 'The command is not understood' },
  STRANGLER_TOGGLE_REFUSED: { status: 409, title: 'This toggle would put data at risk' },
  STRANGLER_HOLD_CONFLICT: { status: 409, title: 'The write hold is not in the state this command needs' },
  STRANGLER_VERSION_CONFLICT: { status: 409, title: 'Somebody else has changed the routes meanwhile' },
  STRANGLER_UNAUTHORIZED: { status: 401, title: 'The token is missing or wrong' },
  STRANGLER_FORBIDDEN: { status: 403, title: 'The token may look, not change' },
  STRANGLER_TOO_MANY_ATTEMPTS: { status: 429, title: 'Too many failed sign-ins' },
  STRANGLER_HOST_REFUSED: { status: 421, title: 'The request was meant for another host' },
  STRANGLER_NOT_FOUND: { status: 404, title: 'The admin API has nothing at this address' },
  STRANGLER_BODY_TOO_LARGE: { status: 413, title: 'The command is too large' },
  STRANGLER_NOT_JSON: { status: 415, title: 'The command is not JSON' },
  STRANGLER_ADMIN_UNREACHABLE: { status: 503, title: 'The admin API does not answer' },
  // requests through the proxy
  STRANGLER_PATH_REFUSED: { status: 400, title: 'The path can be read in two ways' },
  STRANGLER_REQUEST_INVALID: { status: 400, title: 'The request is not valid HTTP' },
  STRANGLER_BODY_ALREADY_READ: { status: 500, title: 'Something read the request body before the proxy' },
  STRANGLER_UPSTREAM_REFUSED: { status: 502, title: 'The other side refused the connection' },
  STRANGLER_UPSTREAM_RESET: { status: 502, title: 'The other side broke the connection' },
  STRANGLER_UPSTREAM_INVALID: { status: 502, title: 'The other side did not answer in HTTP' },
  STRANGLER_UPSTREAM_CONNECT_TIMEOUT: {
    status: 504,
    title: 'The other side did not accept the connection in time',
  },
  STRANGLER_UPSTREAM_HEADERS_TIMEOUT: {
    status: 504,
    title: 'The other side did not begin its answer in time',
  },
  STRANGLER_UPSTREAM_TOTAL_TIMEOUT: { status: 504, title: 'The whole exchange took too long' },
  STRANGLER_HOLD_FULL: { status: 503, title: 'Writes are held and the waiting room is full' },
  STRANGLER_HOLD_TIMEOUT: { status: 503, title: 'Writes are held for longer than this request may wait' },
  STRANGLER_TABLE_UNCONFIRMED: { status: 503, title: 'This proxy does not know who owns the data' },
  STRANGLER_UPGRADES_FULL: { status: 503, title: 'Too many upgraded connections are open' },
  STRANGLER_STOPPING: { status: 503, title: 'The proxy is stopping' },
  STRANGLER_INTERNAL: { status: 500, title: 'The kit failed' },
} as const

/** Every code of the catalogue. */
export type ErrorCode = keyof typeof ERRORS

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

/** The one paragraph that a person gets: what, where, why, and the command that mends it. */
export function describeError(error: unknown): string {
  if (!(error instanceof StranglerError))
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  const fix = error.fix === undefined ? '' : ` ${error.fix}`
  return `${error.code}: ${ERRORS[error.code].title}. ${error.message}${fix}`
}
