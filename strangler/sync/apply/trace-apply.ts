import {
  type Attributes,
  context as contexts,
  type Link,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { BatchResult, ChangeBatch } from '../../core/sync-words.ts'
import { parseTraceparent } from '../../core/trace-context.ts'

/** Runs the applying of a job in a span. */
export type TraceApply = (batch: ChangeBatch, work: () => Promise<Applied>) => Promise<Applied>

/** Undefined: the job was of an older epoch. */
type Applied = BatchResult | undefined

/** What the SDK keeps of a span's links unless it is told otherwise. */
const MOST_LINKS = 128

/**
 * A span for each job. It is the child of no exchange: a job holds the changes of many, and is applied when they are long over. It is linked
 * with each whose transaction has said its `traceparent`.
 */
export function createApplyTracing(tracer: Tracer): TraceApply {
  return async (batch, work) => {
    const span = tracer.startSpan(`apply ${batch.capability}`, {
      ...{ kind: SpanKind.CONSUMER, root: true, links: linksOf(batch), attributes: describeBatch(batch) },
    })
    try {
      const result = await contexts.with(trace.setSpan(ROOT_CONTEXT, span), work)
      span.setAttributes(describeResult(result))
      return result
    } catch (error) {
      // The code only: a message may show a row.
      const { code } = error as { code?: unknown }
      span.setStatus({ code: SpanStatusCode.ERROR, ...(typeof code === 'string' ? { message: code } : {}) })
      throw error
    } finally {
      span.end()
    }
  }
}

function linksOf({ entries }: ChangeBatch): Link[] {
  const named = new Set<string>()
  for (const { traceparent } of entries) {
    if (traceparent !== undefined && named.size < MOST_LINKS) named.add(traceparent)
  }
  return [...named].flatMap((traceparent) => {
    const parsed = parseTraceparent(traceparent)
    if (parsed === undefined) return []
    const { traceId, parentId, flags } = parsed
    const traceFlags = Number.parseInt(flags, 16)
    return [{ context: { traceId, spanId: parentId, traceFlags, isRemote: true } }]
  })
}

function describeBatch({ capability, direction, epoch, chunk, entries }: ChangeBatch): Attributes {
  return {
    'strangler.capability': capability,
    'strangler.direction': direction,
    'strangler.epoch': epoch,
    'strangler.changes': entries.length,
    'strangler.tables': [...new Set(entries.map(({ table }) => table))],
    ...(chunk === undefined ? {} : { 'strangler.chunk': chunk }),
  }
}

function describeResult(result: Applied): Attributes {
  if (result === undefined) return { 'strangler.outdated': true }
  return { 'strangler.quarantined': result.quarantined.length }
}
