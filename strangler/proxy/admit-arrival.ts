import type { IncomingMessage } from 'node:http'
import type { ErrorCode } from '../core/errors.ts'
import type { Side } from '../core/words.ts'
import { type Decision, decide } from '../routing/decide.ts'
import type { Arrival } from './exchange.ts'
import type { ProxyContext } from './proxy-context.ts'

/** A request that may be served, and where; or why not. `decision` is there when one was made before the refusal. */
export type Admission =
  | { readonly decision: Decision; readonly refuse: undefined }
  | { readonly decision: Decision | undefined; readonly refuse: ErrorCode }

/** Decides on a request, unless it can be read in two ways, or nobody here knows who owns its data. */
export function admitArrival(context: ProxyContext, arrival: Arrival): Admission {
  if (hasUnknownFraming(arrival.req) || hasTwoHosts(arrival.req))
    return { decision: undefined, refuse: 'STRANGLER_REQUEST_INVALID' }
  const decision = decideArrival(context, arrival)
  if (decision === 'ambiguous') return { decision: undefined, refuse: 'STRANGLER_PATH_REFUSED' }
  if (decision.route?.capability.hasTables === true && !context.isConfirmed()) {
    return { decision, refuse: 'STRANGLER_TABLE_UNCONFIRMED' }
  }
  return { decision, refuse: undefined }
}

/** Decides by the table of this moment: a held write asks again when it is let go. */
export function decideArrival(
  context: ProxyContext,
  { req, path, identity }: Arrival,
): Decision | 'ambiguous' {
  const request = { method: req.method ?? 'GET', path }
  return decide(context.table(), request, identity, { forced: forcedSide(context, req), data: context.data })
}

// Node takes any list that ends in `chunked`, and hands on bytes that are still coded (CVE-2026-29057 class). The proxy frames anew, so
// a coding it does not know would be lost.
function hasUnknownFraming({ headers }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding']
  return coding !== undefined && coding.toLowerCase() !== 'chunked'
}

// RFC 9112 §3.2 wants a 400: the side may believe the other one. Node keeps the first and says nothing.
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts > 1
}

function forcedSide(context: ProxyContext, { headers }: IncomingMessage): Side | undefined {
  const side = headers['x-strangler-target']
  const token = headers['x-strangler-token']
  if (side !== 'service' && side !== 'monolith') return undefined
  return typeof token === 'string' && context.isOperator(token) ? side : undefined
}
