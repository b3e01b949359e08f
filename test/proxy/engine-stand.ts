import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Deadlines } from '../../strangler/config/schema.ts'
import type { ForwardEngine, ForwardOutcome, ForwardRequest } from '../../strangler/proxy/forward.ts'
import { sendProblem } from '../../strangler/proxy/problem.ts'
import { buildRequestHeaders } from '../../strangler/proxy/request-headers.ts'
import { createUpstream } from '../../strangler/proxy/upstream.ts'
import { RawClient } from '../conformance/tools/raw-client.ts'
import { RawUpstream, type UpstreamScript } from '../conformance/tools/raw-upstream.ts'

export interface StandOptions {
  readonly script?: UpstreamScript
  readonly httpProxyMiddleware?: Record<string, unknown>
  readonly deadlines?: Partial<Deadlines>
  readonly change?: (request: ForwardRequest) => ForwardRequest
}

export interface EngineStand {
  readonly upstream: RawUpstream
  readonly server: Server
  /** In the order in which the exchanges ended. */
  readonly outcomes: ForwardOutcome[]
  connect(): Promise<RawClient>
  /** The next outcome to come, or the one given by its place. */
  outcome(at?: number): Promise<ForwardOutcome>
}

/** An engine between a raw client and a raw upstream, without routing: what is tested is the engine alone. */
export async function startEngineStand(
  engine: ForwardEngine,
  options: StandOptions = {},
): Promise<EngineStand> {
  const upstream = await new RawUpstream(options.script).start()
  const side = createUpstream('monolith', { url: `http://127.0.0.1:${upstream.port}`, host: 'preserve' })
  const deadlines = { connectMs: 2_000, headersMs: 5_000, totalMs: 10_000, ...options.deadlines }
  const outcomes: ForwardOutcome[] = []
  const facts = {
    trusted: false,
    protocol: 'http',
    correlationId: 'c',
    traceparent: 't',
    parentWrite: undefined,
    shadowMark: undefined,
  } as const
  const server = createServer((req, res) => {
    const request: ForwardRequest = {
      ...{
        req,
        res,
        upstream: side,
        path: req.url ?? '/',
        deadlines,
        remainingMs: deadlines.totalMs,
        fresh: false,
      },
      headers: buildRequestHeaders(req, side, { ...facts, peer: '127.0.0.1' }),
      adaptHeaders: (headers) => headers.push('X-Kit', 'here'),
      capture: undefined,
      httpProxyMiddleware: options.httpProxyMiddleware ?? {},
    }
    engine.forward(options.change?.(request) ?? request).then((outcome) => {
      outcomes.push(outcome)
      if (outcome.kind === 'failed' && !outcome.answerBegun)
        sendProblem(res, outcome.code, { close: !req.complete })
      server.emit('outcome')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    await engine.stop()
    server.close()
    server.closeAllConnections()
    await upstream.stop()
  })
  return {
    ...{ upstream, server, outcomes },
    connect: () => RawClient.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }),
    async outcome(at = outcomes.length) {
      while (outcomes[at] === undefined) await once(server, 'outcome')
      return outcomes[at]
    },
  }
}
