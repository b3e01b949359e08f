import type { IncomingMessage, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { ErrorCode } from '../core/errors.ts'
import { effectOf } from '../routing/compile-table.ts'
import type { Decision } from '../routing/decide.ts'
import { admitArrival, decideArrival, openMark, settleRead } from './admit-arrival.ts'
import { breakAnswer } from './answer-writer.ts'
import { beginCapture } from './capture.ts'
import { closeExchange, type Exchange, type ExchangeEnd, openArrival } from './exchange.ts'
import { forwardWithFailOver } from './fail-over.ts'
import { finishCapture } from './finish-capture.ts'
import type { ForwardResult } from './forward-to.ts'
import { hasGivenUp } from './gave-up.ts'
import { passHold } from './pass-hold.ts'
import { prepareForApp } from './pass-to-app.ts'
import { sendProblem } from './problem.ts'
import type { ProxyContext } from './proxy-context.ts'
import { hasBody } from './request-body.ts'
import { tapResponse } from './tap-response.ts'
import type { Waiter } from './write-hold.ts'
import type { OpenMark } from './write-marks.ts'

/** Serves one request. With `next` the proxy is embedded: what goes to the monolith is left to the app that embeds it. */
export type RequestHandler = (req: IncomingMessage, res: ServerResponse, next?: () => void) => void

/**
 * A request's way: refuse what can be read in two ways → decide → wait while writes are held → forward → record. Nothing that
 * records can fail the request.
 */
export function createRequestHandler(context: ProxyContext): RequestHandler {
  return (req, res, next) => {
    const target = (req as { originalUrl?: string }).originalUrl ?? req.url ?? '/'
    const exchange: Exchange = { ...openArrival(context, req, target), res, capture: undefined }
    serve(context, exchange, next).catch((error: unknown) => fail(context, exchange, error))
  }
}

/** A bug of the kit's own. Whatever comes of it, the client gets an end and the process goes on. */
function fail(context: ProxyContext, exchange: Exchange, error: unknown): void {
  context.report('serve a request', error)
  try {
    if (exchange.res.headersSent) breakAnswer(exchange.res)
    else refuse(context, exchange, undefined, 'STRANGLER_INTERNAL')
  } catch (again) {
    context.report('answer a request that failed', again)
    exchange.res.destroy()
  }
}

async function serve(
  context: ProxyContext,
  exchange: Exchange,
  next: (() => void) | undefined,
): Promise<void> {
  const { decision, refuse: code } = admitArrival(context, exchange)
  if (code !== undefined) return refuse(context, exchange, decision, code)
  const isWrite = decision.route !== undefined && effectOf(decision.route, exchange.req.method) === 'write'
  if (isWrite) return serveWrite(context, exchange, decision, next)
  const settled = settleRead(context, exchange, decision)
  // Nearly every read is settled already: a turn of the microtask queue is not for nothing.
  const read = settled instanceof Promise ? await settled : settled
  exchange.capture = beginCapture(context, exchange, read)
  return await forward(context, exchange, { decision: read, heldMs: 0, next })
}

async function serveWrite(
  context: ProxyContext,
  exchange: Exchange,
  decided: Decision,
  next: (() => void) | undefined,
): Promise<void> {
  const capability = decided.endpoint?.capability ?? ''
  // Before the hold: the body comes in while the write waits.
  exchange.capture = beginCapture(context, exchange, decided)
  const passage = await passHold(context, exchange, { capability, client: clientOf(exchange) })
  const { heldMs } = passage
  if (passage.kind !== 'go') exchange.capture?.drop()
  if (passage.kind === 'gone') return recordGone(context, exchange, decided, heldMs)
  if (passage.kind === 'refused') return refuse(context, exchange, decided, passage.code, heldMs)
  const again = heldMs > 0 ? decideArrival(context, exchange) : decided
  const decision: Decision = heldMs > 0 && again !== 'ambiguous' ? { ...again, reason: 'HELD' } : decided
  if (decision.target !== decided.target) exchange.capture?.drop()
  const end = context.holds.begin(capability)
  try {
    const opening = decision.route && openMark(context, exchange, decision.route)
    const mark = opening instanceof Promise ? await opening : opening
    await forwardMarked(context, exchange, { decision, heldMs, next, mark })
  } finally {
    end()
  }
}

/** Whatever comes of a write: from its end on its client may expect to read it. */
async function forwardMarked(
  context: ProxyContext,
  exchange: Exchange,
  { mark, ...forwarding }: Forwarding & { readonly mark: OpenMark | undefined },
): Promise<void> {
  if (mark === undefined) return await forward(context, exchange, forwarding)
  try {
    await forward(context, { ...exchange, mark }, forwarding)
  } finally {
    mark.over()
  }
}

function clientOf({ res }: Exchange): Waiter {
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
  // Nothing may be sent for a client that left while its write was held or marked; a pipelined one's answer never hears of it.
  if ((heldMs > 0 || exchange.mark !== undefined) && req.socket.destroyed)
    return recordGone(context, exchange, decision, heldMs)
  if (next !== undefined && decision.target === 'service' && isBodyGone(req)) {
    return refuse(context, exchange, decision, 'STRANGLER_BODY_ALREADY_READ', heldMs)
  }
  const passes = next !== undefined && decision.target === 'monolith'
  if (isByHpm(decision) && !passes) tapResponse(exchange)
  const result = await forwardWithFailOver(context, exchange, decision, next !== undefined)
  if (!('kind' in result)) return finish(context, exchange, decision, { result, heldMs })
  const passed: Decision = { ...decision, target: 'monolith', reason: result.reason }
  return passToApp(context, exchange, { decision: passed, heldMs, next })
}

function isByHpm({ route }: Decision): boolean {
  return route?.httpProxyMiddleware !== undefined
}

/** Whether something in front, a body parser, has read what a side would need. */
function isBodyGone(req: IncomingMessage): boolean {
  return hasBody(req) && (req.readableEnded || req.readableDidRead)
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
      const answered = res.writableFinished
      finishCapture(context, exchange, { target: 'monolith', sentAt, answered, fromResponse: true })
      resolve()
    })
    prepareForApp(context, exchange, decision)
    tapResponse(exchange)
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
  const answered = outcome.kind === 'answered'
  const fromResponse = isByHpm(decision)
  finishCapture(context, exchange, { target, sentAt: outcome.sentAt, answered, fromResponse })
  if (outcome.kind === 'answered')
    return record(context, exchange, decision, { ...common, status: outcome.status })
  if (outcome.kind === 'client-gone')
    return record(context, exchange, decision, {
      ...{ ...common, status: 499 },
      code: hasGivenUp(outcome) ? 'CLIENT_GAVE_UP' : 'CLIENT_GONE',
    })
  if (!outcome.answerBegun) answerProblem(context, exchange, outcome.code)
  record(context, exchange, decision, {
    ...common,
    status: exchange.res.statusCode,
    code: outcome.code,
    cause: outcome.cause,
  })
}

function answerProblem(context: ProxyContext, { req, res, trace, mark }: Exchange, code: ErrorCode): void {
  if (res.headersSent || res.destroyed) return
  // What is left of an upload would be read for nothing; what is left of a misframed request, as the next one's beginning.
  const close = !req.complete || code === 'STRANGLER_REQUEST_INVALID' || context.isDraining()
  // The side may have written before it failed.
  const cookie = mark?.answer()
  const headers = cookie === undefined ? [] : ['set-cookie', cookie]
  sendProblem(res, code, { correlationId: trace.correlationId, close, headers })
}

function refuse(
  context: ProxyContext,
  exchange: Exchange,
  decision: Decision | undefined,
  code: ErrorCode,
  heldMs = 0,
): void {
  answerProblem(context, exchange, code)
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
    const record = closeExchange(exchange, decision, end)
    exchange.trace.finish?.(record)
    context.onExchange(record)
  } catch (error) {
    context.report('record an exchange', error)
  }
}
