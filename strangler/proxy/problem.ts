import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { ERRORS, type ErrorCode } from '../core/errors.ts'

/** How long a client is asked to wait before it tries again, in seconds, for the answers that pass by themselves. */
const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, string>> = {
  STRANGLER_HOLD_FULL: '1',
  STRANGLER_HOLD_TIMEOUT: '1',
  STRANGLER_TABLE_UNCONFIRMED: '5',
  STRANGLER_STOPPING: '1',
  STRANGLER_UPGRADES_FULL: '1',
}

/** How long the other end of a bare socket may take to read the answer and close. */
const LINGER_MS = 1_000

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
  res.writeHead(ERRORS[code].status, STATUS_CODES[ERRORS[code].status] ?? '', [
    ...(options.headers ?? []),
    ...['content-type', 'application/problem+json', 'cache-control', 'no-store'],
    ...['content-length', String(Buffer.byteLength(body))],
    ...(options.correlationId === undefined ? [] : ['x-correlation-id', options.correlationId]),
    ...(retryAfter === undefined ? [] : ['retry-after', retryAfter]),
    ...(options.close === true ? ['connection', 'close'] : []),
  ])
  res.end(body)
}

/** The same on a bare socket, where no response exists: an upgrade, or what is not HTTP. Ends the connection. */
export function sendRawProblem(
  socket: Duplex,
  code: ErrorCode,
  options: { correlationId?: string | undefined; status?: number } = {},
): void {
  const status = options.status ?? ERRORS[code].status
  const body = problemBody(code, options.correlationId, status)
  const retryAfter = RETRY_AFTER_SECONDS[code]
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...['content-type: application/problem+json', 'cache-control: no-store'],
    ...[`content-length: ${Buffer.byteLength(body)}`, 'connection: close'],
    ...(options.correlationId === undefined ? [] : [`x-correlation-id: ${options.correlationId}`]),
    ...(retryAfter === undefined ? [] : [`retry-after: ${retryAfter}`]),
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
  // Closing on bytes that nobody has read would reset the connection, and take the answer with it.
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
}
