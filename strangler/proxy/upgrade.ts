import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { Duplex } from 'node:stream'
import type { ErrorCode } from '../core/errors.ts'
import type { ReportError } from '../core/ports.ts'
import { createHpmMiddleware, type HpmMiddleware, type HpmOptions, optionsFailed } from './hpm-middleware.ts'
import { sendRawProblem } from './problem.ts'
import { hasBody } from './request-body.ts'
import { serveWithoutUpgrade } from './serve-without-upgrade.ts'
import type { ClosingTimes, UpgradeDestination } from './upgrade-destination.ts'
import { UpgradeExchange } from './upgrade-exchange.ts'
import { WebSocketBridge } from './websocket-bridge.ts'

/** What is to become of an upgrade: where it goes, or why it is refused. */
export type UpgradeDecision<R> =
  | UpgradeDestination<R>
  | { readonly refuse: ErrorCode; readonly correlationId?: string | undefined }

export interface UpgradeOptions<R> {
  /** Decides; may wait, as a held write does. A throw is answered as STRANGLER_INTERNAL. */
  readonly resolveUpgrade: (req: IncomingMessage) => UpgradeDecision<R> | Promise<UpgradeDecision<R>>
  readonly report?: ReportError
  /** Most connections at once, those that are still being decided on included; default 10,000. */
  readonly maxOpen?: number
  readonly times?: Partial<ClosingTimes>
}

/** The upgraded connections of a proxy. */
export interface Upgrades<R> {
  /** For `server.on('upgrade', …)`. Give the server `shouldUpgradeCallback: isWebSocketUpgrade` where Node knows it. */
  handle(req: IncomingMessage, socket: Duplex, head: Buffer): void
  /** How many there are, from their request on. */
  readonly open: number
  /**
   * Drains, `ageMs` from now, the connections that `isStale` holds for now and still does then: a flip that was taken back in
   * between leaves them alone.
   */
  drainRoute(isStale: (route: R) => boolean, ageMs: number): void
  /** Drains all at once, and breaks off what is left after `deadlineMs`. Twice is fine, and the shorter deadline counts. */
  stop(deadlineMs: number): Promise<void>
}

const DEFAULT_MAX_OPEN = 10_000
const DEFAULT_TIMES: ClosingTimes = { boundaryMs: 2_000, answerMs: 1_000, flushMs: 30_000 }
const NO_OPTIONS: HpmOptions = {}
const NO_BYTES = Buffer.alloc(0)

/** Whether a request wants to become a WebSocket. Any other upgrade (h2c) is none: it is served as a request, and `Upgrade` stays here. */
export function isWebSocketUpgrade(req: IncomingMessage): boolean {
  const { headers, method } = req
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && !hasBody(req)
}

/** Forwards upgrades through http-proxy-middleware. */
export function createUpgrades<R>(options: UpgradeOptions<R>): Upgrades<R> {
  return new UpgradeSet(options)
}

class UpgradeSet<R> implements Upgrades<R> {
  readonly #options: UpgradeOptions<R>
  readonly #times: ClosingTimes
  readonly #sockets = new Set<Duplex>()
  readonly #exchanges = new Set<UpgradeExchange<R>>()
  readonly #byRequest = new WeakMap<IncomingMessage, UpgradeExchange<R>>()
  readonly #middlewares = new WeakMap<HpmOptions, HpmMiddleware>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #stopping: Promise<void> | undefined
  #emptied: (() => void) | undefined

  constructor(options: UpgradeOptions<R>) {
    this.#options = options
    this.#times = { ...DEFAULT_TIMES, ...options.times }
  }

  get open(): number {
    return this.#sockets.size
  }

  readonly handle = (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (!isWebSocketUpgrade(req) && serveWithoutUpgrade(req, socket, head)) return
    // The close that follows an error says all there is to do.
    socket.on('error', () => socket.destroy())
    const refusal = this.#refusalOf(req)
    if (refusal !== undefined) {
      sendRawProblem(socket, refusal)
      return
    }
    this.#sockets.add(socket)
    socket.once('close', () => this.#forget(socket))
    this.#serve(req, socket as Socket, head).catch((error: unknown) => {
      this.#report('decide on an upgrade', error)
      sendRawProblem(socket, 'STRANGLER_INTERNAL')
    })
  }

  drainRoute(isStale: (route: R) => boolean, ageMs: number): void {
    const stale = [...this.#exchanges].filter(({ destination }) => isStale(destination.route))
    if (stale.length === 0) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      for (const exchange of stale)
        if (this.#exchanges.has(exchange) && isStale(exchange.destination.route)) exchange.drain()
    }, ageMs)
    this.#timers.add(timer)
  }

  stop(deadlineMs: number): Promise<void> {
    this.#stopping ??= this.#drainAll()
    // A second call may be less patient than the first.
    const deadline = setTimeout(() => {
      for (const exchange of this.#exchanges) exchange.destroy()
      for (const socket of this.#sockets) socket.destroy()
    }, deadlineMs)
    return this.#stopping.finally(() => clearTimeout(deadline))
  }

  async #drainAll(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    if (this.#sockets.size === 0) return
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve
    })
    for (const exchange of this.#exchanges) exchange.drain()
    await emptied
  }

  #refusalOf(req: IncomingMessage): ErrorCode | undefined {
    if (this.#stopping !== undefined) return 'STRANGLER_STOPPING'
    if (!isWebSocketUpgrade(req)) return 'STRANGLER_REQUEST_INVALID'
    return this.#sockets.size >= (this.#options.maxOpen ?? DEFAULT_MAX_OPEN)
      ? 'STRANGLER_UPGRADES_FULL'
      : undefined
  }

  async #serve(req: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    // From here on the socket is read, or its end would not be noticed while the decision waits.
    const bridge = new WebSocketBridge(socket, head)
    const giveUp = () => socket.destroy()
    bridge.once('clientEnd', giveUp)
    const decided = this.#options.resolveUpgrade(req)
    // A decision made at once is acted on at once: no flip comes between.
    const decision = decided instanceof Promise ? await decided : decided
    bridge.off('clientEnd', giveUp)
    if ('refuse' in decision) {
      bridge.detach()
      sendRawProblem(socket, decision.refuse, { correlationId: decision.correlationId })
      return
    }
    const exchange = this.#begin(req, socket, { bridge, decision })
    if (exchange !== undefined) this.#forward(exchange)
  }

  #begin(
    req: IncomingMessage,
    socket: Socket,
    { bridge, decision }: { bridge: WebSocketBridge; decision: UpgradeDestination<R> },
  ): UpgradeExchange<R> | undefined {
    const finish: UpgradeDestination<R>['finish'] = (outcome) => {
      if (exchange !== undefined) this.#exchanges.delete(exchange)
      try {
        decision.finish(outcome)
      } catch (error) {
        this.#report('record an upgrade', error)
      }
    }
    let exchange: UpgradeExchange<R> | undefined
    if (socket.destroyed) {
      finish({ kind: 'client-gone', sentAt: performance.now(), headersAt: undefined })
      return undefined
    }
    exchange = new UpgradeExchange(req, socket, {
      bridge,
      destination: { ...decision, finish },
      times: this.#times,
    })
    this.#exchanges.add(exchange)
    this.#byRequest.set(exchange.reqView, exchange)
    if (this.#stopping !== undefined) exchange.drain()
    return exchange
  }

  #forward(exchange: UpgradeExchange<R>): void {
    try {
      const middleware = this.#middlewareFor(exchange.destination.httpProxyMiddleware ?? NO_OPTIONS)
      middleware.upgrade(exchange.reqView, exchange.bridge as unknown as Socket, NO_BYTES)
    } catch (error) {
      exchange.failBy(optionsFailed(error))
    }
  }

  #middlewareFor(options: HpmOptions): HpmMiddleware {
    const present = this.#middlewares.get(options)
    if (present !== undefined) return present
    const find = (req: IncomingMessage) => this.#byRequest.get(req)
    const created = createHpmMiddleware(options, {
      destination: (req) => ({ target: find(req)?.destination.upstream.origin ?? '', agent: false }),
      proxyReqWs: (out, req) => find(req)?.begin(out),
      failed: (error, req) => find(req)?.failBy(error),
      handlerFailed: (error, req) => {
        this.#report('call a handler of the http-proxy-middleware options', error)
        if (req !== undefined) find(req)?.failBy(optionsFailed(error))
      },
    })
    this.#middlewares.set(options, created)
    return created
  }

  #forget(socket: Duplex): void {
    this.#sockets.delete(socket)
    if (this.#sockets.size === 0) this.#emptied?.()
  }

  #report(operation: string, error: unknown): void {
    this.#options.report?.(operation, error)
  }
}
