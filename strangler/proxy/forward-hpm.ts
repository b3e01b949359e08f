import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { ReportError } from '../core/ports.ts'
import type { ForwardEngine, ForwardOutcome, ForwardRequest } from './forward.ts'
import { HpmExchange } from './hpm-exchange.ts'
import {
  callGuarded,
  createHpmMiddleware,
  type HpmMiddleware,
  type HpmOptions,
  optionsFailed,
} from './hpm-middleware.ts'

// Node and Express close an idle connection after 5 s.
const KEEP_ALIVE_MS = 4_000
const NO_OPTIONS: HpmOptions = {}

/**
 * The engine of the endpoints that configure http-proxy-middleware: its options, plugins and interceptors.
 * @param report hears of an endpoint's handler that throws; the exchange fails by it if it can still fail
 */
export function createHpmEngine(report: ReportError = () => undefined): ForwardEngine {
  const agents = createAgents()
  const exchanges = new WeakMap<IncomingMessage, HpmExchange>()
  const open = new Set<HpmExchange>()
  const middlewares = new WeakMap<HpmOptions, HpmMiddleware>()

  const middlewareFor = (options: HpmOptions): HpmMiddleware => {
    const present = middlewares.get(options)
    if (present !== undefined) return present
    const created = createMiddleware(options, { exchanges, agentFor: agents.agentFor, report })
    middlewares.set(options, created)
    return created
  }
  return {
    name: 'http-proxy-middleware',
    forward(request) {
      return new Promise<ForwardOutcome>((resolve) => {
        const exchange = new HpmExchange(request, (outcome) => {
          open.delete(exchange)
          resolve(outcome)
        })
        open.add(exchange)
        exchanges.set(exchange.reqView, exchange)
        run(exchange, () => middlewareFor(request.httpProxyMiddleware ?? NO_OPTIONS))
      })
    },
    async stop() {
      for (const exchange of open) exchange.cancel(new Error('The proxy has stopped'))
      agents.destroy()
    },
  }
}

function run(exchange: HpmExchange, middlewareFor: () => HpmMiddleware): void {
  const fail = (error: unknown) => exchange.fail(optionsFailed(error))
  callGuarded(
    () =>
      middlewareFor()(exchange.reqView, exchange.resView, (error) =>
        fail(error ?? new Error('It did not take the request')),
      ),
    fail,
  )
}

interface Surroundings {
  readonly exchanges: WeakMap<IncomingMessage, HpmExchange>
  readonly agentFor: (request: ForwardRequest) => http.Agent | false
  readonly report: ReportError
}

function createMiddleware(options: HpmOptions, { exchanges, agentFor, report }: Surroundings): HpmMiddleware {
  const find = (req: IncomingMessage) => exchanges.get(req) as HpmExchange
  return createHpmMiddleware(options, {
    destination(req) {
      const { request } = find(req)
      return { target: request.upstream.origin, agent: agentFor(request) }
    },
    proxyReq: (out, req) => find(req).begin(out),
    proxyRes: (answer, req) => find(req).beginAnswer(answer),
    failed: (error, req) => find(req).fail(error),
    handlerFailed(error, req) {
      report('call a handler of the http-proxy-middleware options', error)
      if (req !== undefined) find(req).fail(optionsFailed(error))
    },
  })
}

function createAgents() {
  const plain = new http.Agent({ keepAlive: true, timeout: KEEP_ALIVE_MS })
  const secure = new https.Agent({ keepAlive: true, timeout: KEEP_ALIVE_MS })
  return {
    agentFor({ upstream, fresh }: ForwardRequest): http.Agent | false {
      if (fresh) return false
      return upstream.url.protocol === 'https:' ? secure : plain
    },
    destroy() {
      plain.destroy()
      secure.destroy()
    },
  }
}
