import type { CapturedExchange } from '../core/captured-exchange.ts'
import type { CapturedRequest } from '../core/compare-words.ts'
import type { BeginShadowSpan, ShadowOutcome, ShadowSpan } from '../core/trace-context.ts'

/** What the thread tells of an exchange that has a span. */
export interface TracedOutcome extends ShadowOutcome {
  readonly span: number
}

/** The spans of exchanges that are with the thread: they are made where the tracer is, which is in the process that serves. */
export interface ShadowSpans {
  /** The exchange as the thread gets it: whatever it asks carries the span's ids. The same, where it has none. */
  begin(exchange: CapturedExchange): CapturedExchange
  end(outcomes: readonly TracedOutcome[]): void
  /** Whoever was to tell of them is gone. */
  lose(): void
}

export function createShadowSpans(begin: BeginShadowSpan): ShadowSpans {
  const open = new Map<number, ShadowSpan>()
  let last = 0
  return {
    begin(exchange) {
      const span = begin(exchange)
      if (span === undefined) return exchange
      last += 1
      open.set(last, span)
      const { monolith, service } = exchange.requests
      const asked = (request: CapturedRequest) => retrace(request, span.traceparent)
      return { ...exchange, span: last, requests: { monolith: asked(monolith), service: asked(service) } }
    },
    end(outcomes) {
      for (const { span, ...outcome } of outcomes) {
        open.get(span)?.end(outcome)
        open.delete(span)
      }
    },
    lose() {
      const endedAt = Date.now()
      for (const span of open.values()) span.end({ verdict: 'skipped', skipped: 'thread-lost', endedAt })
      open.clear()
    },
  }
}

function retrace(request: CapturedRequest, traceparent: string): CapturedRequest {
  const headers = [...request.headers]
  const at = headers.findIndex((part, index) => index % 2 === 0 && part === 'traceparent')
  if (at >= 0) headers[at + 1] = traceparent
  return { ...request, headers }
}
