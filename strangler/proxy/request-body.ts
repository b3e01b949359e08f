import type { IncomingMessage } from 'node:http'

/** Whether a request has a body: one that can be sent only once, and that after an upgrade would be taken for frames. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}
