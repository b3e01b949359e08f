import type { CapturedExchange } from './captured-exchange.ts'
import type { SkipReason } from './compare-words.ts'
import type { ExchangeRecord } from './exchange-record.ts'

/** The two names by which a request can be found again: in the logs, and in a tracing system. */
export interface TraceContext {
  readonly correlationId: string
  readonly traceId: string
  /** `traceparent` as it goes to the side: the client's trace continued, or a new one begun. */
  readonly traceparent: string
  /** Where spans are made: told when the exchange is over. */
  readonly finish?: (record: ExchangeRecord) => void
}

/** Names a request that has arrived with these headers. */
export type BeginTrace = (traceparent: string | undefined, correlationId: string | undefined) => TraceContext

/** The span of a shadowed exchange. */
export interface ShadowSpan {
  /** What the shadow request carries instead of the exchange's. */
  readonly traceparent: string
  end(outcome: ShadowOutcome): void
}

/** What became of a shadowed exchange. */
export interface ShadowOutcome {
  readonly verdict: string
  readonly skipped?: SkipReason
  /** What the side answered, and in which time. */
  readonly status?: number
  readonly tookMs?: number
  readonly lagMs?: number
  /** Epoch milliseconds. */
  readonly endedAt: number
}

/** Undefined where the exchange's trace is not sampled. */
export type BeginShadowSpan = (exchange: CapturedExchange) => ShadowSpan | undefined

// Version ff is forbidden, and so are ids of zeros (W3C Trace Context §3.2.2).
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/

/** The parts of a valid `traceparent`. */
export function parseTraceparent(
  text: string,
): { readonly traceId: string; readonly parentId: string; readonly flags: string } | undefined {
  const [, traceId, parentId, flags] = TRACEPARENT.exec(text) ?? []
  if (traceId === undefined || parentId === undefined || flags === undefined) return undefined
  return { traceId, parentId, flags }
}
