import type { Request, Response } from 'express'
import { requestId } from '../platform/request-context.ts'
import type { CallContext } from './order-draft.ts'

const CARRIED_ON = new Set(['authorization', 'traceparent', 'tracestate'])

/**
 * Who is asking, in which trace, and the marks of a proxy in front: what a nested call has to carry on. Without its mark
 * a proxy that holds writes would hold this call too, and wait for itself.
 */
export function callContext(request: Request, response: Response): CallContext {
  const headers: Record<string, string> = { 'x-request-id': requestId(response) }
  for (const [name, value] of Object.entries(request.headers))
    if (CARRIED_ON.has(name) || name.startsWith('x-strangler-')) headers[name] = String(value)
  return { headers }
}
