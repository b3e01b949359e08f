import type { ServerResponse } from 'node:http'
import { ERRORS, type ErrorCode } from '../core/errors.ts'

/** How long a client is asked to wait before it tries again, in seconds, for the answers that pass by themselves. */
const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, string>> = {
  STRANGLER_HOLD_FULL: '1',
  STRANGLER_HOLD_TIMEOUT: '1',
  STRANGLER_TABLE_UNCONFIRMED: '5',
  STRANGLER_STOPPING: '1',
}

/** A problem body (RFC 9457). It names the code, never an address or a path of the inside. */
export function problemBody(
  code: ErrorCode,
  correlationId: string | undefined,
  status: number = ERRORS[code].status,
): string {
  const { title } = ERRORS[code]
  return JSON.stringify({
    type: 'about:blank',
    title,
    status,
    code,
    ...(correlationId === undefined ? {} : { correlationId }),
  })
}

/** Answers with a problem. `close` ends the connection after it: the rest of the request cannot be trusted, or is not wanted. */
export function sendProblem(
  res: ServerResponse,
  code: ErrorCode,
  options: { correlationId?: string; close?: boolean; headers?: readonly string[] } = {},
): void {
  const body = problemBody(code, options.correlationId)
  const retryAfter = RETRY_AFTER_SECONDS[code]
  res.writeHead(ERRORS[code].status, [
    ...(options.headers ?? []),
    ...['content-type', 'application/problem+json', 'cache-control', 'no-store'],
    ...['content-length', String(Buffer.byteLength(body))],
    ...(options.correlationId === undefined ? [] : ['x-correlation-id', options.correlationId]),
    ...(retryAfter === undefined ? [] : ['retry-after', retryAfter]),
    ...(options.close === true ? ['connection', 'close'] : []),
  ])
  res.end(body)
}
