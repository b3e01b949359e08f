import type { CapturedRequest } from '../core/compare-words.ts'
import type { Reason, Side } from '../core/words.ts'
import { effectOf } from '../routing/compile-table.ts'
import type { Decision } from '../routing/decide.ts'
import { shadowMarkOf } from './capture.ts'
import type { Arrival, Exchange } from './exchange.ts'
import type { ForwardEngine, ForwardOutcome, ForwardRequest, Upstream } from './forward.ts'
import { findHeader } from './header-names.ts'
import type { ProxyContext } from './proxy-context.ts'
import { buildRequestHeaders } from './request-headers.ts'
import { rewriteRequestPath, rewriteResponseHeaders } from './response-headers.ts'

/** Who answers, and why. */
interface AnsweredBy {
  readonly decision: Decision
  readonly upstream: Upstream
  readonly target: Side
  readonly reason: Reason
}

interface Destination extends AnsweredBy {
  readonly fresh: boolean
  /** How much of the total deadline is used up already. */
  readonly elapsedMs: number
}

/** How the forwarding of an exchange ended: its last attempt, and what led there. */
export interface ForwardResult {
  readonly outcome: ForwardOutcome
  readonly upstream: Upstream
  readonly target: Side
  readonly reason: Reason
  readonly engine: ForwardEngine['name']
  readonly attempts: number
}

/** One attempt: builds what goes out, chooses the engine, and forwards. */
export async function forwardTo(
  context: ProxyContext,
  exchange: Exchange,
  destination: Destination,
): Promise<ForwardResult> {
  const { upstream, target, reason } = destination
  const request = buildForwardRequest(context, exchange, destination)
  const engine = chooseEngine(context, request)
  const outcome = await engine.forward(request)
  return { outcome, upstream, target, reason, engine: engine.name, attempts: 1 }
}

function buildForwardRequest(
  context: ProxyContext,
  exchange: Exchange,
  destination: Destination,
): ForwardRequest {
  const { decision, upstream, target, fresh, elapsedMs } = destination
  const { route } = decision
  const deadlines = context.deadlinesFor(route, upstream)
  return {
    req: exchange.req,
    res: exchange.res,
    upstream,
    path: rewriteRequestPath(exchange.target, target === 'service' ? route?.rewritePath : undefined),
    headers: buildForwardHeaders(context, exchange, destination),
    deadlines,
    // At least a millisecond, because 0 would mean no deadline at all.
    remainingMs: deadlines.totalMs === 0 ? 0 : Math.max(1, deadlines.totalMs - elapsedMs),
    fresh,
    adaptHeaders: (headers, status) =>
      adaptAnswerHeaders(context, exchange, { ...destination, headers, status }),
    capture: exchange.capture,
    httpProxyMiddleware: route?.httpProxyMiddleware,
  }
}

/** The raw header list that goes to a side. A write carries the mark by which its own calls pass a hold. */
export function buildForwardHeaders(
  context: ProxyContext,
  arrival: Arrival,
  { decision: { route }, upstream }: Pick<Destination, 'decision' | 'upstream'>,
): string[] {
  const isWrite = route !== undefined && effectOf(route, arrival.req.method) === 'write'
  const parentWrite = isWrite ? context.parentWrites.sign(route.capability.name) : undefined
  return buildRequestHeaders(arrival.req, upstream, {
    ...factsOf(arrival),
    parentWrite,
    shadowMark: shadowMarkOf(context, arrival.req),
  })
}

function factsOf({ peer, trusted, protocol, trace }: Arrival) {
  const { correlationId, traceparent } = trace
  return { peer, trusted, protocol, correlationId, traceparent }
}

/** The request as a side gets it when it is sent once more, after the answer: without the marks of a request that counts. */
export function buildReplay(
  context: ProxyContext,
  exchange: Exchange,
  { side, body }: { side: Side; body: Uint8Array | undefined },
): CapturedRequest {
  const route = exchange.capture?.decision.route
  const upstream = side === 'monolith' || route === undefined ? context.monolith : context.serviceOf(route)
  const facts = { ...factsOf(exchange), parentWrite: undefined, shadowMark: undefined }
  return {
    method: exchange.req.method ?? 'GET',
    target: rewriteRequestPath(exchange.target, side === 'service' ? route?.rewritePath : undefined),
    headers: buildRequestHeaders(exchange.req, upstream, facts),
    body,
  }
}

/** Makes the side's headers those of the client's answer: addresses it knows, the correlation id, the kit's cookie. */
export function adaptAnswerHeaders(
  context: ProxyContext,
  exchange: Arrival,
  answer: AnsweredBy & { readonly headers: string[]; readonly status: number },
): void {
  const { headers, status, upstream, decision } = answer
  const rewrite = answer.target === 'service' ? decision.route?.rewritePath : undefined
  if (
    rewrite !== undefined ||
    upstream.host === 'target' ||
    status === 201 ||
    (status >= 300 && status < 400)
  ) {
    const clientOrigin = `${exchange.protocol}://${exchange.req.headers.host ?? ''}`
    rewriteResponseHeaders(headers, { upstream, clientOrigin, rewrite })
  }
  if (context.isDraining()) headers.push('connection', 'close')
  if (findHeader(headers, 'x-correlation-id') === undefined)
    headers.push('x-correlation-id', exchange.trace.correlationId)
  const { setCookie } = exchange.identity
  if (setCookie !== undefined) headers.push('set-cookie', setCookie)
  const markCookie = exchange.mark?.answer()
  if (markCookie !== undefined) headers.push('set-cookie', markCookie)
  if (context.config.proxy.debugHeaders) headers.push(...debugHeaders(answer))
}

/** Why the client got this answer, as raw headers. */
export function debugHeaders({ decision, upstream, reason }: AnsweredBy): string[] {
  return [
    ...['x-strangler-target', upstream.name],
    ...['x-strangler-reason', reason],
    ...['x-strangler-endpoint', decision.endpoint?.id ?? '-'],
    ...['x-strangler-table-version', String(decision.tableVersion)],
  ]
}

// The methods with which undici sends `Content-Length: 0`; with others it drops it, and real back ends depend on it.
const EXPECTS_BODY = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])

function chooseEngine({ engines }: ProxyContext, request: ForwardRequest): ForwardEngine {
  const { headers, method } = request.req
  if (request.httpProxyMiddleware !== undefined) return engines.hpm
  const emptyBody = headers['content-length'] === '0' && !EXPECTS_BODY.has(method ?? '')
  return emptyBody || headers.trailer !== undefined || !request.path.startsWith('/')
    ? engines.nodeHttp
    : engines.undici
}
