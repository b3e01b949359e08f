import {
  context as contexts,
  isSpanContextValid,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { ExchangeRecord } from '../core/exchange-record.ts'
import type { ReportError, Stoppable } from '../core/ports.ts'
import type { BeginShadowSpan, BeginTrace } from '../core/trace-context.ts'
import { createShadowTracing } from './shadow-span.ts'
import { contextOf, showTraceparent } from './span-context.ts'

/** Spans of OpenTelemetry for what the kit does. */
export interface Tracing extends Stoppable {
  /** Gives every exchange a span; the side is told its ids. */
  traceExchanges(begin: BeginTrace): BeginTrace
  /** A span around one command of the admin API. */
  traceCommand<T>(path: string, work: () => Promise<T>): Promise<T>
  /** A span of each exchange that is shadowed. */
  readonly traceShadow: BeginShadowSpan
  /** For what makes its spans itself. */
  readonly tracer: Tracer
}

type Environment = Readonly<Record<string, string | undefined>>

/** Loaded by name, because it is there only where somebody wants it. */
const SDK = '@opentelemetry/sdk-node'
const PLACES = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_TRACES_EXPORTER']

/**
 * Traces where a tracer is registered (by `node --import`, or by the app that embeds the kit), else where an OTEL_* variable says where
 * spans go: then the SDK is started, which reads the other OTEL_* variables itself.
 * @returns undefined when nobody wants spans; then nothing of this runs for any request
 */
export async function startTracing(
  env: Environment,
  {
    report,
    load = (name) => import(name),
  }: { report: ReportError; load?: (name: string) => Promise<unknown> },
): Promise<Tracing | undefined> {
  if (env['OTEL_SDK_DISABLED'] === 'true') return undefined
  let stop = () => Promise.resolve()
  if (!isRegistered()) {
    const named = PLACES.find((name) => (env[name] ?? '') !== '' && env[name] !== 'none')
    if (named === undefined) return undefined
    try {
      stop = await startSdk(await load(SDK), env)
    } catch (error) {
      const why = `${named} asks for spans, and ${SDK} cannot be started: run \`npm install ${SDK}\` beside the kit.`
      report('trace', new Error(why, { cause: error }))
      return undefined
    }
  }
  return { ...createTracing(trace.getTracer('strangler-kit')), stop }
}

async function startSdk(module: unknown, env: Environment): Promise<() => Promise<void>> {
  const { NodeSDK } = module as {
    NodeSDK: new (options: object) => { start(): void; shutdown(): Promise<void> }
  }
  const sdk = new NodeSDK(env['OTEL_SERVICE_NAME'] ? {} : { serviceName: 'strangler' })
  sdk.start()
  return () => sdk.shutdown()
}

/** A tracer that nobody has registered makes spans without ids. */
function isRegistered(): boolean {
  return isSpanContextValid(trace.getTracer('strangler-kit').startSpan('probe').spanContext())
}

export function createTracing(tracer: Tracer): Omit<Tracing, 'stop'> {
  return {
    traceExchanges: (begin) => (traceparent, correlationId) => {
      const plain = begin(traceparent, correlationId)
      const span = tracer.startSpan('request', { kind: SpanKind.SERVER }, contextOf(traceparent))
      const { traceId } = span.spanContext()
      const isNamed = plain.correlationId !== plain.traceId
      return {
        traceId,
        traceparent: showTraceparent(span.spanContext()),
        correlationId: isNamed ? plain.correlationId : traceId,
        finish: (record) => endExchange(span, record),
      }
    },
    traceCommand: (path, work) => inSpan(tracer, `command ${path}`, work),
    traceShadow: createShadowTracing(tracer),
    tracer,
  }
}

/** The names are those of OpenTelemetry's conventions for HTTP, and the access log's for what is the kit's own. */
function endExchange(span: Span, record: ExchangeRecord): void {
  const { method, endpoint, code, status } = record
  span.updateName(endpoint ?? method)
  span.setAttributes({
    'http.request.method': method,
    'http.response.status_code': status,
    'url.path': record.path,
    'strangler.target': record.target,
    'strangler.side': record.side,
    'strangler.reason': record.reason,
    'strangler.table_version': record.tableVersion,
    'strangler.attempts': record.attempts,
    'strangler.held_ms': record.heldMs,
    'strangler.correlation_id': record.correlationId,
    ...(endpoint === undefined ? {} : { 'http.route': endpoint.slice(endpoint.indexOf(' ') + 1) }),
    ...(record.capability === undefined ? {} : { 'strangler.capability': record.capability }),
    ...(code === undefined ? {} : { 'error.type': code }),
  })
  if (status >= 500)
    span.setStatus({ code: SpanStatusCode.ERROR, ...(code === undefined ? {} : { message: code }) })
  span.end()
}

async function inSpan<T>(tracer: Tracer, name: string, work: () => Promise<T>): Promise<T> {
  const span = tracer.startSpan(name, { kind: SpanKind.INTERNAL })
  try {
    return await contexts.with(trace.setSpan(contexts.active(), span), work)
  } catch (error) {
    // The code only: a message may name what is nobody's business.
    const code = (error as { code?: unknown }).code
    span.setStatus({ code: SpanStatusCode.ERROR, ...(typeof code === 'string' ? { message: code } : {}) })
    throw error
  } finally {
    span.end()
  }
}
