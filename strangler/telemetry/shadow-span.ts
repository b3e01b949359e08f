import { SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type { CapturedExchange } from '../core/captured-exchange.ts'
import type { BeginShadowSpan, ShadowOutcome } from '../core/trace-context.ts'
import { contextOf, showTraceparent } from './span-context.ts'

/** Below the exchange's span. It begins when the client has its answer, and ends with the verdict: it is how long that took, the queue too. */
export function createShadowTracing(tracer: Tracer): BeginShadowSpan {
  return (exchange) => {
    const parent = contextOf(traceparentOf(exchange))
    // Nothing more is done for an exchange of which nobody keeps a span.
    if (((trace.getSpanContext(parent)?.traceFlags ?? 0) & 1) === 0) return undefined
    const { endpoint, capability, primary, correlationId } = exchange
    const attributes = {
      'http.request.method': exchange.requests[primary].method,
      'http.route': endpoint.slice(endpoint.indexOf(' ') + 1),
      'strangler.capability': capability,
      'strangler.side': primary === 'monolith' ? 'service' : 'monolith',
      'strangler.correlation_id': correlationId,
    }
    const span = tracer.startSpan(`shadow ${endpoint}`, { kind: SpanKind.CLIENT, attributes }, parent)
    return {
      traceparent: showTraceparent(span.spanContext()),
      end(outcome) {
        span.setAttributes(describe(outcome))
        // A difference is what was looked for, no failure; that the side could not be asked is one.
        if (outcome.skipped?.startsWith('shadow-'))
          span.setStatus({ code: SpanStatusCode.ERROR, message: outcome.skipped })
        span.end(outcome.endedAt)
      },
    }
  }
}

/** The proxy writes it itself, in these letters. */
function traceparentOf({ requests, primary }: CapturedExchange): string | undefined {
  const { headers } = requests[primary]
  const at = headers.findIndex((part, index) => index % 2 === 0 && part === 'traceparent')
  return at < 0 ? undefined : headers[at + 1]
}

function describe({ verdict, skipped, status, tookMs, lagMs }: ShadowOutcome) {
  return {
    'strangler.verdict': verdict,
    ...(skipped === undefined ? {} : { 'strangler.skipped': skipped }),
    ...(status === undefined ? {} : { 'http.response.status_code': status }),
    ...(tookMs === undefined ? {} : { 'strangler.took_ms': tookMs }),
    ...(lagMs === undefined ? {} : { 'strangler.lag_ms': lagMs }),
  }
}
