import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ERRORS } from '../core/errors.ts'
import type { Side } from '../core/words.ts'
import type { RouteTable } from '../routing/compile-table.ts'
import type { Decision } from '../routing/decide.ts'
import { admitArrival, decideArrival, openMark, settleRead } from './admit-arrival.ts'
import { type Arrival, closeExchange, type ExchangeEnd, openArrival } from './exchange.ts'
import { adaptAnswerHeaders, buildForwardHeaders } from './forward-to.ts'
import { passHold } from './pass-hold.ts'
import type { ProxyContext } from './proxy-context.ts'
import { rewriteRequestPath } from './response-headers.ts'
import { createUpgrades, type UpgradeDecision } from './upgrade.ts'
import type { UpgradeOutcome } from './upgrade-destination.ts'

/** The upgraded connections (WebSocket) of a proxy. */
export interface ProxyUpgrades {
  handle(req: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Drains the connections that the new table sends elsewhere, and at once those that write to a capability that is held. */
  follow(table: RouteTable): void
  readonly open: number
  stop(deadlineMs: number): Promise<void>
}

/** An open connection, and where it was sent. */
interface Connection {
  readonly arrival: Arrival
  readonly decision: Decision
  readonly target: Side
  readonly isWrite: boolean
}

/** An upgrade goes the way of a write, unless its endpoint says `effect: 'read'`: what passes on it cannot be seen. */
export function createProxyUpgrades(context: ProxyContext): ProxyUpgrades {
  const upgrades = createUpgrades<Connection>({
    resolveUpgrade: (req) => resolveUpgrade(context, req),
    report: context.report,
  })
  let present = context.table()
  return {
    handle: upgrades.handle,
    get open() {
      return upgrades.open
    },
    follow(table) {
      const before = present
      present = table
      if (upgrades.open === 0) return
      if (hasFlipped(before, table))
        upgrades.drainRoute(
          (connection) => isElsewhere(context, connection),
          context.config.proxy.upgradeDrainMs,
        )
      upgrades.drainRoute((connection) => isHeld(context, connection), 0)
    },
    stop: (deadlineMs) => upgrades.stop(deadlineMs),
  }
}

// Deciding again for thousands of connections takes a while; most new tables move nothing.
function hasFlipped(before: RouteTable, after: RouteTable): boolean {
  return after.routes.some(
    ({ setting }, index) => JSON.stringify(setting) !== JSON.stringify(before.routes[index]?.setting),
  )
}

function isElsewhere(context: ProxyContext, { arrival, target }: Connection): boolean {
  const decided = decideArrival(context, arrival)
  return decided !== 'ambiguous' && decided.target !== target
}

function isHeld({ holds }: ProxyContext, { decision, isWrite }: Connection): boolean {
  const capability = decision.endpoint?.capability
  return isWrite && capability !== undefined && holds.phaseOf(capability) !== undefined
}

async function resolveUpgrade(
  context: ProxyContext,
  req: IncomingMessage,
): Promise<UpgradeDecision<Connection>> {
  const arrival = openArrival(context, req, req.url ?? '/')
  const { correlationId } = arrival.trace
  const admission = admitArrival(context, arrival)
  if (admission.refuse !== undefined) return { refuse: admission.refuse, correlationId }
  let { decision } = admission
  if (decision.shadowTo !== undefined) context.capture?.onSkipped(decision, 'streaming')
  const isWrite = decision.route?.upgradeEffect === 'write'
  const capability = decision.endpoint?.capability
  // Before the hold: after it nothing may come between `go` and the beginning of the write.
  const mark = isWrite && decision.route ? await openMark(context, arrival, decision.route) : undefined
  let heldMs = 0
  if (isWrite && capability !== undefined) {
    const passage = await passHold(context, arrival, { capability, client: clientOf(req) })
    heldMs = passage.heldMs
    if (passage.kind !== 'go') {
      mark?.over()
      return { refuse: passage.kind === 'gone' ? 'STRANGLER_STOPPING' : passage.code, correlationId }
    }
    const again = heldMs > 0 ? decideArrival(context, arrival) : decision
    if (again !== 'ambiguous' && heldMs > 0) decision = { ...again, reason: 'HELD' }
  }
  if (!isWrite) decision = await settleRead(context, arrival, decision)
  const marked = mark === undefined ? arrival : { ...arrival, mark }
  return openDestination(context, { arrival: marked, decision, target: decision.target, isWrite }, heldMs)
}

function clientOf({ socket }: IncomingMessage) {
  return {
    onGone(listener: () => void) {
      socket.once('close', listener)
      return () => socket.off('close', listener)
    },
  }
}

/** The connection counts as a write in flight for as long as it is open. */
function openDestination(
  context: ProxyContext,
  connection: Connection,
  heldMs: number,
): UpgradeDecision<Connection> {
  const { arrival, decision, target, isWrite } = connection
  const { route } = decision
  const upstream = target === 'monolith' || route === undefined ? context.monolith : context.serviceOf(route)
  const capability = decision.endpoint?.capability
  const end =
    isWrite && capability !== undefined ? context.holds.begin(capability, 'lasting') : () => undefined
  const destination = { decision, upstream, target, reason: decision.reason }
  return {
    upstream,
    path: rewriteRequestPath(arrival.target, target === 'service' ? route?.rewritePath : undefined),
    headers: buildForwardHeaders(context, arrival, { decision, upstream }),
    deadlines: context.deadlinesFor(route, upstream),
    route: connection,
    correlationId: arrival.trace.correlationId,
    adaptHeaders: (headers, status) =>
      adaptAnswerHeaders(context, arrival, { ...destination, headers, status }),
    httpProxyMiddleware: route?.httpProxyMiddleware,
    finish(outcome) {
      end()
      arrival.mark?.over()
      recordUpgrade(context, connection, { outcome, side: upstream.name, heldMs })
    },
  }
}

function recordUpgrade(
  context: ProxyContext,
  { arrival, decision, target }: Connection,
  { outcome, side, heldMs }: { outcome: UpgradeOutcome; side: string; heldMs: number },
): void {
  const { status, code } = readOutcome(outcome)
  const { sentAt, headersAt } = outcome
  const end = {
    status,
    side,
    target,
    reason: decision.reason,
    engine: 'http-proxy-middleware',
    attempts: 1,
  } as const
  try {
    const record = closeExchange(arrival, decision, { ...end, code, sentAt, headersAt, heldMs })
    arrival.trace.finish?.(record)
    context.onExchange(record)
  } catch (error) {
    context.report('record an upgrade', error)
  }
}

function readOutcome(outcome: UpgradeOutcome): Pick<ExchangeEnd, 'status' | 'code'> {
  switch (outcome.kind) {
    case 'upgraded':
      return { status: 101 }
    case 'answered':
      return { status: outcome.status }
    case 'failed':
      return { status: ERRORS[outcome.code].status, code: outcome.code }
    case 'client-gone':
      return { status: 499, code: 'CLIENT_GONE' }
  }
}
