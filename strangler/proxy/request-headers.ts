import type { IncomingMessage } from 'node:http'
import type { Upstream } from './forward.ts'
import { createHeaderNames } from './header-names.ts'
import { isHopByHop, namesInConnection } from './hop-by-hop.ts'
import { withoutMarks } from './mark-cookie.ts'

/** What the kit itself says to the side about the request. */
export interface ForwardedFacts {
  /** The address of the connection's other end. */
  readonly peer: string
  /** Whether that end is a configured trusted proxy, whose word about the client is believed. */
  readonly trusted: boolean
  readonly protocol: 'http' | 'https'
  readonly correlationId: string
  readonly traceparent: string
  /** Proof for calls that this write makes through the proxy while writes are held. */
  readonly parentWrite: string | undefined
  /** The kit's own mark of a shadow request, which a call that one makes carries on. */
  readonly shadowMark: string | undefined
}

// Replaced, appended to, or consumed here; a client's own values never pass.
const OURS = createHeaderNames([
  'host',
  'expect',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'forwarded',
  'traceparent',
  'x-correlation-id',
  'x-strangler-target',
  'x-strangler-token',
  'x-strangler-parent-write',
  'x-strangler-shadow',
])

/**
 * The raw header list that goes to a side: the client's headers as received (names, case, order, duplicates), less those of this
 * connection, plus the forwarding and trace headers.
 */
export function buildRequestHeaders(
  req: IncomingMessage,
  upstream: Upstream,
  facts: ForwardedFacts,
): string[] {
  const named = namesInConnection(req.headers.connection)
  const raw = req.rawHeaders
  const out: string[] = [
    'host',
    upstream.host === 'target' ? upstream.url.host : (req.headers.host ?? upstream.url.host),
  ]
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string
    if (OURS.has(name) || isHopByHop(name, named)) continue
    const value = isCookie(name) ? withoutMarks(raw[i + 1] as string) : raw[i + 1]
    if (value !== undefined) out.push(name, value)
  }
  pushForwarded(out, req, facts)
  out.push('traceparent', facts.traceparent, 'x-correlation-id', facts.correlationId)
  if (facts.parentWrite !== undefined) out.push('x-strangler-parent-write', facts.parentWrite)
  if (facts.shadowMark !== undefined) out.push('x-strangler-shadow', facts.shadowMark)
  return out
}

function isCookie(name: string): boolean {
  return name.length === 6 && name.toLowerCase() === 'cookie'
}

function pushForwarded(
  out: string[],
  req: IncomingMessage,
  { peer, trusted, protocol }: ForwardedFacts,
): void {
  const { headers } = req
  const host = headers.host ?? ''
  const chain = trusted ? text(headers['x-forwarded-for']) : undefined
  out.push('x-forwarded-for', chain === undefined ? peer : `${chain}, ${peer}`)
  out.push('x-forwarded-proto', (trusted ? text(headers['x-forwarded-proto']) : undefined) ?? protocol)
  const forwardedHost = (trusted ? text(headers['x-forwarded-host']) : undefined) ?? host
  if (forwardedHost !== '') out.push('x-forwarded-host', forwardedHost)
  // RFC 7239 says the same again; it is sent only where somebody in front already speaks it.
  const forwarded = text(headers.forwarded)
  if (forwarded === undefined) return
  const own = `for=${peer.includes(':') ? `"[${peer}]"` : peer};host="${host.replace(/["\\]/g, '')}";proto=${protocol}`
  out.push('forwarded', trusted ? `${forwarded}, ${own}` : own)
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}
