import { type Context, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api'
import { parseTraceparent } from '../core/trace-context.ts'

/** A context below the span that a `traceparent` names; the root where it names none. */
export function contextOf(traceparent: string | undefined): Context {
  const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent)
  if (parent === undefined) return ROOT_CONTEXT
  const { traceId, parentId, flags } = parent
  const traceFlags = Number.parseInt(flags, 16)
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentId, traceFlags, isRemote: true })
}

export function showTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}
