/** What a log line says of an error. Drivers hang their whole client on theirs: sockets, addresses, keys. */
export interface SerializedError {
  readonly type: string
  readonly message: string
  readonly code?: string | number
  readonly fix?: string
  readonly stack?: string
  readonly cause?: SerializedError
  readonly errors?: readonly SerializedError[]
}

const DEEPEST = 4
const MOST_ERRORS = 8

/** By a white list: nothing of an error that is not named here leaves the process. */
export function serializeError(error: unknown, depth = 0): SerializedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) }
  const { code, fix, errors } = error as { code?: unknown; fix?: unknown; errors?: unknown }
  const isDeep = depth >= DEEPEST
  return {
    type: error.constructor.name,
    message: error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof fix === 'string' ? { fix } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(isDeep || error.cause === undefined ? {} : { cause: serializeError(error.cause, depth + 1) }),
    ...(isDeep || !Array.isArray(errors)
      ? {}
      : { errors: errors.slice(0, MOST_ERRORS).map((one) => serializeError(one, depth + 1)) }),
  }
}
