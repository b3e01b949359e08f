import type { IncomingMessage, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { TLSSocket } from 'node:tls'
import type { ErrorCode } from '../core/errors.ts'
import type { ClientCode, ExchangeRecord } from '../core/exchange-record.ts'
import type { TraceContext } from '../core/trace-context.ts'
import type { Reason, Side } from '../core/words.ts'
import { effectOf } from '../routing/compile-table.ts'
import { isInBlocks } from '../routing/compile-targeting.ts'
import type { Decision } from '../routing/decide.ts'
import type { ExchangeCapture } from './capture.ts'
import type { ProxyContext } from './proxy-context.ts'
import { createIdentity, type ProxyIdentity } from './request-identity.ts'
import type { OpenMark } from './write-marks.ts'

/** A request as it came in: what every later step needs, whether it is answered or upgraded. */
export interface Arrival {
  readonly req: IncomingMessage
  /** The request target as received. */
  readonly target: string
  /** Its path without the query. */
  readonly path: string
  readonly startedAt: number
  readonly trace: TraceContext
  readonly identity: ProxyIdentity
  readonly peer: string
  readonly trusted: boolean
  readonly protocol: 'http' | 'https'
  /** Of a write to tables that are synced. */
  readonly mark?: OpenMark
}

/** One request on its way through the proxy. */
export interface Exchange extends Arrival {
  readonly res: ServerResponse
  /** Its copy for the comparison, where one is made. */
  capture: ExchangeCapture | undefined
}

/** Reads what every later step needs. `target` differs from `req.url` when an Express app has mounted the proxy under a path. */
export function openArrival(context: ProxyContext, req: IncomingMessage, target: string): Arrival {
  const peer = plainAddress(req.socket.remoteAddress ?? '')
  const trusted = context.trustedProxies !== undefined && isInBlocks(context.trustedProxies, peer)
  const protocol = (req.socket as TLSSocket).encrypted === true ? 'https' : 'http'
  const query = target.indexOf('?')
  return {
    req,
    target,
    path: query === -1 ? target : target.slice(0, query),
    startedAt: performance.now(),
    trace: context.beginTrace(first(req.headers['traceparent']), first(req.headers['x-correlation-id'])),
    identity: createIdentity(req, trusted ? clientAddress(context, req, peer) : peer, protocol === 'https'),
    peer,
    trusted,
    protocol,
  }
}

/** The last address of the chain that no trusted proxy vouches for itself. */
function clientAddress(context: ProxyContext, req: IncomingMessage, peer: string): string {
  const chain = (first(req.headers['x-forwarded-for']) ?? '')
    .split(',')
    .map((part) => plainAddress(part.trim()))
  for (const address of chain.reverse()) {
    if (address === '') continue
    if (context.trustedProxies === undefined || !isInBlocks(context.trustedProxies, address)) return address
  }
  return peer
}

function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

/** What happened after the decision. */
export interface ExchangeEnd {
  readonly status: number
  readonly side: string
  readonly target: Side
  readonly reason: Reason
  readonly engine: ExchangeRecord['engine']
  readonly attempts: number
  readonly code?: ErrorCode | ClientCode | undefined
  readonly cause?: unknown
  readonly sentAt?: number | undefined
  readonly headersAt?: number | undefined
  readonly heldMs: number
  /** When the client's headers had gone out. */
  readonly answeredAt?: number | undefined
}

/** Builds the frozen record of an exchange that is over. */
export function closeExchange(
  arrival: Arrival,
  decision: Decision | undefined,
  end: ExchangeEnd,
): ExchangeRecord {
  const { req, trace, startedAt } = arrival
  const { sentAt, headersAt } = end
  const own = sentAt === undefined ? undefined : sentAt - startedAt - end.heldMs
  return Object.freeze({
    method: req.method ?? '',
    path: arrival.path,
    status: end.status,
    target: end.target,
    side: end.side,
    reason: end.reason,
    endpoint: decision?.endpoint?.id,
    capability: decision?.endpoint?.capability,
    effect: effectOf(decision?.route, req.method),
    client: arrival.identity.address,
    tableVersion: decision?.tableVersion ?? 0,
    bucket: decision?.bucket,
    unitSource: decision?.unitSource,
    engine: end.engine,
    attempts: end.attempts,
    code: end.code,
    cause: end.cause,
    durationMs: performance.now() - startedAt,
    proxyMs:
      own === undefined
        ? undefined
        : own + (headersAt === undefined ? 0 : (end.answeredAt ?? headersAt) - headersAt),
    upstreamMs: sentAt === undefined || headersAt === undefined ? undefined : headersAt - sentAt,
    heldMs: end.heldMs,
    correlationId: trace.correlationId,
    traceId: trace.traceId,
  })
}
