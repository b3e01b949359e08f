import type { IncomingMessage } from 'node:http'
import type { ErrorCode } from '../core/errors.ts'
import type { Side } from '../core/words.ts'
import type { Route } from '../routing/compile-table.ts'
import { type Decision, decide, keepWithOwner } from '../routing/decide.ts'
import type { Arrival } from './exchange.ts'
import type { ProxyContext } from './proxy-context.ts'
import type { OpenMark } from './write-marks.ts'

/** Where there is no deadline. */
const LONGEST_WRITE_MS = 3_600_000

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
  return decide(context.table(), request, identity, { forced: forcedSide(context, req), data: context.marks })
}

/** A read that is to leave the owner's side asks the store first, where only that knows what its client has written. */
export function settleRead(
  { marks }: ProxyContext,
  { identity }: Arrival,
  decision: Decision,
): Decision | Promise<Decision> {
  const { route } = decision
  if (marks === undefined || route === undefined || !marks.mustAsk(decision, identity)) return decision
  const asking = marks.ask(route.capability, identity)
  return asking.then((isApplied) => (isApplied ? decision : keepWithOwner(decision, 'READ_YOUR_WRITES')))
}

/** Opens the mark of a write to tables, if it needs one. */
export function openMark(
  context: ProxyContext,
  arrival: Arrival,
  route: Route,
): Promise<OpenMark> | OpenMark | undefined {
  if (context.marks === undefined || !route.capability.hasTables) return undefined
  const upstream = route.capability.owner === 'monolith' ? context.monolith : context.serviceOf(route)
  const { totalMs } = context.deadlinesFor(route, upstream)
  return context.marks.open(route.capability, arrival.identity, totalMs || LONGEST_WRITE_MS)
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
