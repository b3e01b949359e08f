import { type ErrorCode, StranglerError } from '../core/errors.ts'

/** What a failed attempt means, whichever library reported it. */
export interface UpstreamFailure {
  readonly code: ErrorCode
  /** The connection was never made, so nothing of the request can have arrived. */
  readonly nothingSent: boolean
}

const FAILURES: Readonly<Record<string, UpstreamFailure>> = {
  ECONNREFUSED: { code: 'STRANGLER_UPSTREAM_REFUSED', nothingSent: true },
  ENOTFOUND: { code: 'STRANGLER_UPSTREAM_REFUSED', nothingSent: true },
  EAI_AGAIN: { code: 'STRANGLER_UPSTREAM_REFUSED', nothingSent: true },
  EHOSTUNREACH: { code: 'STRANGLER_UPSTREAM_REFUSED', nothingSent: true },
  ENETUNREACH: { code: 'STRANGLER_UPSTREAM_REFUSED', nothingSent: true },
  EADDRNOTAVAIL: { code: 'STRANGLER_UPSTREAM_REFUSED', nothingSent: true },
  EMFILE: { code: 'STRANGLER_UPSTREAM_REFUSED', nothingSent: true },
  UND_ERR_CONNECT_TIMEOUT: { code: 'STRANGLER_UPSTREAM_CONNECT_TIMEOUT', nothingSent: true },
  UND_ERR_HEADERS_TIMEOUT: { code: 'STRANGLER_UPSTREAM_HEADERS_TIMEOUT', nothingSent: false },
  UND_ERR_BODY_TIMEOUT: { code: 'STRANGLER_UPSTREAM_TOTAL_TIMEOUT', nothingSent: false },
  UND_ERR_HEADERS_OVERFLOW: { code: 'STRANGLER_UPSTREAM_INVALID', nothingSent: false },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: { code: 'STRANGLER_UPSTREAM_RESET', nothingSent: false },
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: { code: 'STRANGLER_REQUEST_INVALID', nothingSent: false },
  // undici refuses to write it: the request's fault, and no word about the side.
  UND_ERR_INVALID_ARG: { code: 'STRANGLER_REQUEST_INVALID', nothingSent: true },
  UND_ERR_NOT_SUPPORTED: { code: 'STRANGLER_REQUEST_INVALID', nothingSent: true },
  ETIMEDOUT: { code: 'STRANGLER_UPSTREAM_CONNECT_TIMEOUT', nothingSent: true },
}

const RESET: UpstreamFailure = { code: 'STRANGLER_UPSTREAM_RESET', nothingSent: false }
const INVALID: UpstreamFailure = { code: 'STRANGLER_UPSTREAM_INVALID', nothingSent: false }

/** Reads an error of undici, node:http or httpxy. What is not known counts as a reset: the safe guess about what was sent. */
export function readFailure(error: unknown): UpstreamFailure {
  if (error instanceof StranglerError) return { code: error.code, nothingSent: false }
  // undici's parser leaves the code out where the answer does not even begin like HTTP.
  if (error instanceof Error && error.name === 'HTTPParserError') return INVALID
  const code = codeOf(error)
  if (code === undefined) return RESET
  if (code.startsWith('HPE_')) return INVALID
  return FAILURES[code] ?? RESET
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  if (typeof error !== 'object' || error === null) return undefined
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  return typeof code === 'string' ? code : codeOf(cause)
}
