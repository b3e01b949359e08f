import {
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { describe, expect, it, vi } from 'vitest'
import { createTraceContext } from '../../strangler/proxy/trace-context.ts'
import { createTracing, startTracing } from '../../strangler/telemetry/tracing.ts'
import { openProxyStand } from './tracing-stand.ts'

interface Made {
  name: string
  readonly context: SpanContext
  readonly parent: SpanContext | undefined
  readonly attributes: Record<string, unknown>
  status: number
  ended: boolean
}

/** A tracer that keeps what was made; the SDK's is somebody else's package. */
function createRecorder() {
  const made: Made[] = []
  const startSpan: Tracer['startSpan'] = (name, _options, parentContext = ROOT_CONTEXT) => {
    const parent = trace.getSpanContext(parentContext)
    const id = (made.length + 1).toString(16)
    const context = {
      traceId: parent?.traceId ?? id.padStart(32, 'a'),
      spanId: id.padStart(16, 'b'),
      traceFlags: parent?.traceFlags ?? 1,
    }
    const entry: Made = { name, context, parent, attributes: {}, status: 0, ended: false }
    made.push(entry)
    const span = {
      spanContext: () => context,
      updateName: (next: string) => {
        entry.name = next
      },
      setAttributes: (given: object) => void Object.assign(entry.attributes, given),
      setStatus: ({ code }: { code: number }) => {
        entry.status = code
      },
      end: () => {
        entry.ended = true
      },
    }
    return span as unknown as Span
  }
  const tracer = { startSpan } as Tracer
  return { tracer, made }
}

describe('the span of an exchange', () => {
  it('goes on with the client’s trace, and the side is told its ids', async () => {
    const { tracer, made } = createRecorder()
    const stand = await openProxyStand(createTracing(tracer).traceExchanges(createTraceContext))
    try {
      const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
      const seen = await stand.ask('/api/stock/7?token=secret', { traceparent, 'x-correlation-id': 'cart-7' })
      const [span] = made
      expect(span?.parent).toMatchObject({ traceId: '1'.repeat(32), spanId: '2'.repeat(16) })
      expect(seen['traceparent']).toBe(`00-${'1'.repeat(32)}-${span?.context.spanId}-01`)
      await expect.poll(() => span?.ended).toBe(true)
      expect(span?.name).toBe('GET /api/stock/:id')
      expect(span?.attributes).toMatchObject({
        'http.response.status_code': 200,
        'http.route': '/api/stock/:id',
        'url.path': '/api/stock/7',
        'strangler.target': 'monolith',
        'strangler.correlation_id': 'cart-7',
      })
      expect(JSON.stringify(made)).not.toContain('secret')
    } finally {
      await stand.stop()
    }
  })

  it('begins a trace of its own where the client has none, and the log has the same id', async () => {
    const { tracer, made } = createRecorder()
    const stand = await openProxyStand(createTracing(tracer).traceExchanges(createTraceContext))
    try {
      const seen = await stand.ask('/api/stock/7', {})
      const [span] = made
      expect(span?.parent).toBeUndefined()
      expect(seen['traceparent']).toContain(span?.context.traceId)
      expect(seen['x-correlation-id']).toBe(span?.context.traceId)
      expect(stand.records[0]?.traceId).toBe(span?.context.traceId)
    } finally {
      await stand.stop()
    }
  })

  it('is an error when the side does not answer', async () => {
    const { tracer, made } = createRecorder()
    const stand = await openProxyStand(createTracing(tracer).traceExchanges(createTraceContext), {
      dead: true,
    })
    try {
      await stand.ask('/api/stock/7', {})
      await expect.poll(() => made[0]?.ended).toBe(true)
      expect(made[0]).toMatchObject({
        status: SpanStatusCode.ERROR,
        attributes: { 'error.type': 'STRANGLER_UPSTREAM_REFUSED' },
      })
    } finally {
      await stand.stop()
    }
  })
})

it('a command has a span that ends with it, and of a failure the code only', async () => {
  const { tracer, made } = createRecorder()
  const { traceCommand } = createTracing(tracer)
  expect(await traceCommand('/routes/set', async () => 7)).toBe(7)
  const failure = Object.assign(new Error('postgres://user:secret@db'), { code: 'STRANGLER_TOGGLE_REFUSED' })
  await expect(traceCommand('/routes/set', () => Promise.reject(failure))).rejects.toBe(failure)
  expect(made.map(({ name, status, ended }) => [name, status, ended])).toEqual([
    ['command /routes/set', 0, true],
    ['command /routes/set', SpanStatusCode.ERROR, true],
  ])
  expect(JSON.stringify(made)).not.toContain('secret')
})

describe('tracing', () => {
  const nobody = () => Promise.reject(new Error('was loaded'))

  it('does not begin where no variable asks for it, nor where it is disabled', async () => {
    const report = vi.fn()
    const start = (env: Record<string, string>) => startTracing(env, { report, load: nobody })
    expect(await start({})).toBeUndefined()
    expect(await start({ OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'otlp' })).toBeUndefined()
    expect(await start({ OTEL_TRACES_EXPORTER: 'none' })).toBeUndefined()
    expect(report).not.toHaveBeenCalled()
  })

  it('says which package is missing, and goes on without', async () => {
    const report = vi.fn()
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }
    expect(await startTracing(env, { report, load: nobody })).toBeUndefined()
    expect(String(report.mock.calls[0]?.[1])).toContain('npm install @opentelemetry/sdk-node')
  })

  it('starts the SDK that is there, which reads the other variables itself, and stops it', async () => {
    const calls: string[] = []
    class NodeSDK {
      constructor(options: { serviceName?: string }) {
        calls.push(`made as ${options.serviceName ?? 'OTEL_SERVICE_NAME says'}`)
      }
      start = () => void calls.push('started')
      shutdown = async () => void calls.push('stopped')
    }
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_SERVICE_NAME: 'edge' }
    const tracing = await startTracing(env, { report: vi.fn(), load: async () => ({ NodeSDK }) })
    await tracing?.stop()
    expect(calls).toEqual(['made as OTEL_SERVICE_NAME says', 'started', 'stopped'])
  })
})
