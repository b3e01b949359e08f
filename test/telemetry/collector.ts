import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A span as OTLP has it, with its attributes as a plain object. */
export interface ReceivedSpan {
  readonly service: string
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
}

/** What a collector of OpenTelemetry takes over HTTP, as JSON. */
export interface Collector {
  readonly url: string
  readonly spans: readonly ReceivedSpan[]
  stop(): Promise<void>
}

export async function startCollector(): Promise<Collector> {
  const spans: ReceivedSpan[] = []
  const server = createServer(async (req, res) => {
    const body = await text(req)
    if (req.url === '/v1/traces') spans.push(...readSpans(JSON.parse(body)))
    res.setHeader('content-type', 'application/json')
    res.end('{}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

type RawSpan = Omit<ReceivedSpan, 'service' | 'attributes' | 'links' | 'parentSpanId'> & {
  readonly attributes?: readonly Attribute[]
  readonly links?: ReceivedSpan['links']
  readonly parentSpanId?: string
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly RawSpan[] }[]
  }[]
}

function readSpans({ resourceSpans }: Export): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(toObject(resource.attributes)['service.name'])
    return scopeSpans.flatMap((scope) =>
      scope.spans.map((span) => ({
        ...span,
        service,
        attributes: toObject(span.attributes ?? []),
        links: span.links ?? [],
        parentSpanId: span.parentSpanId ?? '',
      })),
    )
  })
}

/** `{ stringValue: 'x' }` and its like are told apart by their names only. */
function toObject(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
