import { performance } from 'node:perf_hooks'
import type { Reason, Side } from '../core/words.ts'
import { effectOf } from '../routing/compile-table.ts'
import type { Decision } from '../routing/decide.ts'
import type { Breaker } from './breaker.ts'
import type { Exchange } from './exchange.ts'
import type { ForwardOutcome } from './forward.ts'
import { type ForwardResult, forwardTo } from './forward-to.ts'
import { hasGivenUp } from './gave-up.ts'
import type { ProxyContext } from './proxy-context.ts'
import { hasBody } from './request-body.ts'

/** Embedded in the monolith's own app, the monolith is reached by `next()`, never by a call of itself. */
export interface PassToApp {
  readonly kind: 'pass-to-app'
  readonly reason: Reason
}

/**
 * Forwards an exchange, with the one second try that is allowed. A write is never sent again once a byte may have left. A read
 * without a body may be, once, while the client has seen nothing: to the monolith while it owns the data, else on a fresh connection
 * after a reset. A 5xx is an answer.
 */
export async function forwardWithFailOver(
  context: ProxyContext,
  exchange: Exchange,
  decision: Decision,
  embedded: boolean,
): Promise<ForwardResult | PassToApp> {
  const { target, reason } = decision
  if (embedded && target === 'monolith') return { kind: 'pass-to-app', reason }
  const breaker = breakerFor(context, exchange, decision)
  // `return await`: a promise that is returned bare costs three turns of the microtask queue instead of one, per request.
  if (breaker === undefined) return await retryReset(context, exchange, decision, { target, reason })
  const round = breaker.admit()
  if (round === undefined) {
    if (embedded) return { kind: 'pass-to-app', reason: 'BREAKER_OPEN' }
    return retryReset(context, exchange, decision, { target: 'monolith', reason: 'BREAKER_OPEN' })
  }
  const first = await attempt(context, exchange, decision, { target, reason, fresh: false })
  judge(breaker, round, first.outcome)
  if (!isRepeatable(exchange, first.outcome)) return first
  if (embedded) return { kind: 'pass-to-app', reason: 'FALLBACK' }
  return fallBack(context, exchange, decision, first)
}

/** The monolith answers instead. What the service may have seen is sent once more and not twice: on a connection that is no old one. */
async function fallBack(
  context: ProxyContext,
  exchange: Exchange,
  decision: Decision,
  { outcome, attempts }: ForwardResult,
): Promise<ForwardResult> {
  const destination: Destination = { target: 'monolith', reason: 'FALLBACK' }
  const nothingSent = outcome.kind === 'failed' && outcome.nothingSent
  const second = nothingSent
    ? await retryReset(context, exchange, decision, destination)
    : await attempt(context, exchange, decision, { ...destination, fresh: true })
  return { ...second, attempts: attempts + second.attempts }
}

/** The breaker counts the service's reads while the monolith owns; nowhere else is there a lawful other way. */
function breakerFor(
  context: ProxyContext,
  exchange: Exchange,
  { route, target }: Decision,
): Breaker | undefined {
  if (route === undefined || target !== 'service' || route.capability.owner !== 'monolith') return undefined
  return effectOf(route, exchange.req.method) === 'read'
    ? context.breakerOf(route.capability.name)
    : undefined
}

function judge(breaker: Breaker, round: number, outcome: ForwardOutcome): void {
  if (hasGivenUp(outcome)) return breaker.record(round, false)
  if (outcome.kind === 'client-gone') return breaker.release(round)
  if (outcome.kind === 'answered') return breaker.record(round, outcome.status < 502 || outcome.status > 504)
  // A request that could not be sent says nothing of the service; else any client could open the breaker.
  if (!outcome.code.startsWith('STRANGLER_UPSTREAM_')) return breaker.release(round)
  breaker.record(round, false)
}

interface Destination {
  readonly target: Side
  readonly reason: Reason
}

/** A pooled connection may have been closed by the side at the very moment it was used: not the side's failure. */
async function retryReset(
  context: ProxyContext,
  exchange: Exchange,
  decision: Decision,
  destination: Destination,
): Promise<ForwardResult> {
  const first = await attempt(context, exchange, decision, { ...destination, fresh: false })
  const { outcome } = first
  if (outcome.kind !== 'failed' || outcome.code !== 'STRANGLER_UPSTREAM_RESET') return first
  if (!isRepeatable(exchange, outcome) || effectOf(decision.route, exchange.req.method) !== 'read')
    return first
  const second = await attempt(context, exchange, decision, { ...destination, fresh: true })
  return { ...second, attempts: 2 }
}

function isRepeatable({ req }: Exchange, outcome: ForwardOutcome): boolean {
  return outcome.kind === 'failed' && !outcome.answerBegun && !hasBody(req)
}

function attempt(
  context: ProxyContext,
  exchange: Exchange,
  decision: Decision,
  { target, reason, fresh }: Destination & { fresh: boolean },
): Promise<ForwardResult> {
  const { route } = decision
  const upstream = target === 'monolith' || route === undefined ? context.monolith : context.serviceOf(route)
  const elapsedMs = performance.now() - exchange.startedAt
  return forwardTo(context, exchange, { decision, upstream, target, reason, fresh, elapsedMs })
}
