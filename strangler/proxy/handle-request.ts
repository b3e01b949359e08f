import type { IncomingMessage, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { ErrorCode } from '../core/errors.ts'
import type { Side } from '../core/words.ts'
import { type Decision, decide } from '../routing/decide.ts'
import { closeExchange, type Exchange, type ExchangeEnd, effectOf, openExchange } from './exchange.ts'
import { type ForwardResult, forwardWithFailOver } from './fail-over.ts'
import { PARENT_WRITE_HEADER } from './parent-write.ts'
import { sendProblem } from './problem.ts'
import type { ProxyContext } from './proxy-context.ts'

/** Serves one request. With `next` the proxy is embedded: what goes to the monolith is left to the app that embeds it. */
export type RequestHandler = (req: IncomingMessage, res: ServerResponse, next?: () => void) => void

/**
 * A request's way: refuse what can be read in two ways → decide → wait while writes are held → forward → record. Nothing that
 * records can fail the request.
 */
export function createRequestHandler(context: ProxyContext): RequestHandler {
  return (req, res, next) => {
    const target = (req as { originalUrl?: string }).originalUrl ?? req.url ?? '/'
    const exchange = openExchange(context, req, res, target)
    serve(context, exchange, next).catch((error: unknown) => {
      context.report('serve a request', error)
      if (res.headersSent) res.destroy()
      else refuse(context, exchange, undefined, 'STRANGLER_INTERNAL')
    })
  }
}

async function serve(
  context: ProxyContext,
  exchange: Exchange,
  next: (() => void) | undefined,
): Promise<void> {
  const decided = decideExchange(context, exchange)
  if (decided === 'ambiguous') return refuse(context, exchange, undefined, 'STRANGLER_PATH_REFUSED')
  if (decided.route?.capability.hasTables === true && !context.isConfirmed()) {
    return refuse(context, exchange, decided, 'STRANGLER_TABLE_UNCONFIRMED')
  }
  const isWrite = decided.route !== undefined && effectOf(exchange, decided.route) === 'write'
  if (!isWrite) return forward(context, exchange, { decision: decided, heldMs: 0, next })
  return serveWrite(context, exchange, decided, next)
}

export function decideExchange(context: ProxyContext, exchange: Exchange): Decision | 'ambiguous' {
  const { req, path, identity } = exchange
  const request = { method: req.method ?? 'GET', path }
  return decide(context.table(), request, identity, { forced: forcedSide(context, req), data: context.data })
}

function forcedSide(context: ProxyContext, { headers }: IncomingMessage): Side | undefined {
  const side = headers['x-strangler-target']
  const token = headers['x-strangler-token']
  if (side !== 'service' && side !== 'monolith') return undefined
  return typeof token === 'string' && context.isOperator(token) ? side : undefined
}

const HOLD_REFUSALS = { full: 'STRANGLER_HOLD_FULL', timeout: 'STRANGLER_HOLD_TIMEOUT' } as const

async function serveWrite(
  context: ProxyContext,
  exchange: Exchange,
  decided: Decision,
  next: (() => void) | undefined,
): Promise<void> {
  const capability = decided.endpoint?.capability ?? ''
  let decision = decided
  let heldMs = 0
  const arrivedAt = performance.now()
  // A hold may follow the one that has just ended; the time a write may wait is one sum.
  while (mustWait(context, exchange, capability)) {
    const answer = await context.holds.wait(capability, clientOf(exchange))
    heldMs = performance.now() - arrivedAt
    if (answer === 'gone') return recordGone(context, exchange, decision, heldMs)
    if (answer !== 'go') return refuse(context, exchange, decision, HOLD_REFUSALS[answer], heldMs)
    if (heldMs > context.config.hold.maxWaitMs)
      return refuse(context, exchange, decision, 'STRANGLER_HOLD_TIMEOUT', heldMs)
    const again = decideExchange(context, exchange)
    if (again !== 'ambiguous') decision = { ...again, reason: 'HELD' }
  }
  const end = context.holds.begin(capability)
  try {
    await forward(context, exchange, { decision, heldMs, next })
  } finally {
    end()
  }
}

/** Before the fence a call made by a write in flight passes: the hold waits for that write, and the write for this call. */
function mustWait(context: ProxyContext, { req }: Exchange, capability: string): boolean {
  const phase = context.holds.phaseOf(capability)
  if (phase === undefined) return false
  const mark = req.headers[PARENT_WRITE_HEADER]
  return phase === 'fenced' || typeof mark !== 'string' || !context.parentWrites.isValid(mark, capability)
}

function clientOf({ res }: Exchange): { onGone(listener: () => void): () => void } {
  return {
    onGone(listener) {
      res.once('close', listener)
      return () => res.off('close', listener)
    },
  }
}

interface Forwarding {
  readonly decision: Decision
  readonly heldMs: number
  readonly next: (() => void) | undefined
}

async function forward(
  context: ProxyContext,
  exchange: Exchange,
  { decision, heldMs, next }: Forwarding,
): Promise<void> {
  const { req } = exchange
  if (next !== undefined && decision.target === 'service' && (req.readableEnded || req.readableDidRead)) {
    return refuse(context, exchange, decision, 'STRANGLER_BODY_ALREADY_READ', heldMs)
  }
  const result = await forwardWithFailOver(context, exchange, decision, next !== undefined)
  if (!('kind' in result)) return finish(context, exchange, decision, { result, heldMs })
  const passed: Decision = { ...decision, target: 'monolith', reason: result.reason }
  return passToApp(context, exchange, { decision: passed, heldMs, next })
}

/** Embedded, the monolith is the app itself. The write counts as in flight until its answer is out. */
function passToApp(
  context: ProxyContext,
  exchange: Exchange,
  { decision, heldMs, next }: Forwarding,
): Promise<void> {
  const { res } = exchange
  return new Promise((resolve) => {
    const sentAt = performance.now()
    res.once('close', () => {
      const code = res.writableFinished ? undefined : 'CLIENT_GONE'
      const end = {
        status: res.statusCode,
        side: 'monolith',
        target: 'monolith',
        reason: decision.reason,
      } as const
      record(context, exchange, decision, { ...end, engine: 'next', attempts: 1, code, sentAt, heldMs })
      resolve()
    })
    next?.()
  })
}

function finish(
  context: ProxyContext,
  exchange: Exchange,
  decision: Decision,
  { result, heldMs }: { result: ForwardResult; heldMs: number },
): void {
  const { outcome, upstream, target, reason, engine, attempts } = result
  const common = {
    side: upstream.name,
    target,
    reason,
    engine,
    attempts,
    heldMs,
    sentAt: outcome.sentAt,
    headersAt: outcome.headersAt,
  }
  if (outcome.kind === 'answered')
    return record(context, exchange, decision, { ...common, status: outcome.status })
  if (outcome.kind === 'client-gone')
    return record(context, exchange, decision, { ...common, status: 499, code: 'CLIENT_GONE' })
  if (!outcome.answerBegun) answerProblem(exchange, outcome.code)
  record(context, exchange, decision, {
    ...common,
    status: exchange.res.statusCode,
    code: outcome.code,
    cause: outcome.cause,
  })
}

function answerProblem({ req, res, trace }: Exchange, code: ErrorCode): void {
  if (res.headersSent || res.destroyed) return
  // What is left of an upload would be read as the next request's beginning, or for nothing.
  sendProblem(res, code, { correlationId: trace.correlationId, close: !req.complete })
}

function refuse(
  context: ProxyContext,
  exchange: Exchange,
  decision: Decision | undefined,
  code: ErrorCode,
  heldMs = 0,
): void {
  answerProblem(exchange, code)
  const end = {
    status: exchange.res.statusCode,
    side: '-',
    target: decision?.target ?? 'monolith',
    reason: decision?.reason ?? 'STATIC',
  } as const
  record(context, exchange, decision, { ...end, engine: undefined, attempts: 0, code, heldMs })
}

function recordGone(context: ProxyContext, exchange: Exchange, decision: Decision, heldMs: number): void {
  const { target, reason } = decision
  record(context, exchange, decision, {
    status: 499,
    side: '-',
    target,
    reason,
    engine: undefined,
    attempts: 0,
    code: 'CLIENT_GONE',
    heldMs,
  })
}

function record(
  context: ProxyContext,
  exchange: Exchange,
  decision: Decision | undefined,
  end: ExchangeEnd,
): void {
  try {
    context.onExchange(closeExchange(exchange, decision, end))
  } catch (error) {
    context.report('record an exchange', error)
  }
}
