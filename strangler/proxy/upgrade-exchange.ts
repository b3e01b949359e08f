import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { TLSSocket } from 'node:tls'
import type { ErrorCode } from '../core/errors.ts'
import { collectHeaders, parseHeaders, restoreHeaders } from './hpm-headers.ts'
import { sendRawProblem } from './problem.ts'
import { buildResponseHeaders } from './response-headers.ts'
import type { ClosingTimes, UpgradeDestination, UpgradeOutcome } from './upgrade-destination.ts'
import { readFailure } from './upstream-failure.ts'
import { createView } from './view.ts'
import type { WebSocketBridge } from './websocket-bridge.ts'

/** One upgrade, from its request until both sockets are closed. */
export class UpgradeExchange<R> {
  readonly destination: UpgradeDestination<R>
  readonly reqView: IncomingMessage
  readonly bridge: WebSocketBridge
  readonly #socket: Socket
  readonly #times: ClosingTimes
  readonly #timers = new Set<NodeJS.Timeout>()
  #waiting: NodeJS.Timeout | undefined
  #out: ClientRequest | undefined
  #side: Socket | undefined
  #outcome: UpgradeOutcome | undefined
  #sentAt = performance.now()
  #headersAt: number | undefined

  constructor(
    req: IncomingMessage,
    socket: Socket,
    from: { bridge: WebSocketBridge; destination: UpgradeDestination<R>; times: ClosingTimes },
  ) {
    const { destination, bridge, times } = from
    this.destination = destination
    this.#times = times
    this.#socket = socket
    this.reqView = createUpgradeView(req, destination)
    this.bridge = bridge
    bridge.once('clientEnd', () => this.#clientEnded())
    bridge.once('answered', () => this.#endBoth())
    bridge.once('drained', () => this.#after(times.answerMs, () => this.#endBoth()))
    socket.once('close', () => this.#finish())
    this.#wait(destination.deadlines.connectMs, 'STRANGLER_UPSTREAM_CONNECT_TIMEOUT')
  }

  /** The request stands, and nothing of it has left. */
  begin(out: ClientRequest): void {
    this.#out = out
    if (this.#socket.destroyed || this.#outcome !== undefined) {
      out.destroy()
      return
    }
    restoreHeaders(out, this.destination.headers)
    out.once('socket', (side) => {
      if (side.connecting)
        side.once((side as TLSSocket).encrypted ? 'secureConnect' : 'connect', () => this.#markSent())
      else this.#markSent()
    })
    // Both run before httpxy's own listeners, which write what they find.
    out.once('response', (answer) => this.#passAnswer(answer))
    out.once('upgrade', (answer, side) => this.#open(answer, side as Socket))
  }

  /** Before the side has answered, the client gets a problem; after that its connection is broken off. */
  fail(code: ErrorCode, cause: unknown): void {
    const begun = this.bridge.isOpen || this.#outcome !== undefined
    // What breaks after the client has gone breaks because of it.
    if (!begun && this.#socket.destroyed) return
    if (this.#outcome?.kind === 'answered' || !begun)
      this.#outcome = { kind: 'failed', code, cause, ...this.#timing() }
    if (begun) {
      this.#noteSideEnded()
      this.destroy()
      return
    }
    this.bridge.detach()
    this.#out?.destroy()
    sendRawProblem(this.#socket, code, { correlationId: this.destination.correlationId })
  }

  /** The same for an error of node:http or httpxy. */
  failBy(error: unknown): void {
    this.fail(readFailure(error).code, error)
  }

  /** Ends the connection as a WebSocket ends: 1012 at a frame boundary, then the close of the other end; all within limits. */
  drain(): void {
    this.bridge.closeAtBoundary()
    if (this.bridge.isOpen && !this.bridge.isDrained)
      this.#after(this.#times.boundaryMs, () => this.#breakUnlessDrained())
  }

  /** Breaks both connections off. */
  destroy(): void {
    this.#socket.destroy()
    this.#side?.destroy()
    this.#out?.destroy()
  }

  #open(answer: IncomingMessage, side: Socket): void {
    clearTimeout(this.#waiting)
    this.#headersAt = performance.now()
    this.#side = side
    answer.headers = {
      ...this.#adapt(answer),
      connection: 'Upgrade',
      upgrade: 'websocket',
    } as IncomingMessage['headers']
    side.once('close', () => this.#sideEnded())
    // A peer that has vanished without a word is found by the kernel.
    side.setKeepAlive(true, KEEP_ALIVE_MS)
    this.bridge.expectSwitch()
    this.destination.opened?.()
  }

  #passAnswer(answer: IncomingMessage): void {
    clearTimeout(this.#waiting)
    this.#headersAt = performance.now()
    const framing = answer.headers['transfer-encoding']
    this.#outcome = { kind: 'answered', status: answer.statusCode ?? 502, ...this.#timing() }
    answer.headers = {
      ...this.#adapt(answer),
      ...(framing === undefined ? {} : { 'transfer-encoding': framing }),
    } as IncomingMessage['headers']
    if (this.destination.deadlines.totalMs > 0)
      this.#after(this.destination.deadlines.totalMs, () => this.destroy())
    this.bridge.once('finish', () => this.#closeAfter(this.#socket))
  }

  #adapt(answer: IncomingMessage): Record<string, string | string[]> {
    const headers = buildResponseHeaders(answer.rawHeaders, false)
    this.destination.adaptHeaders?.(headers, answer.statusCode ?? 502)
    return collectHeaders(headers)
  }

  #markSent(): void {
    this.#sentAt = performance.now()
    this.#wait(this.destination.deadlines.headersMs, 'STRANGLER_UPSTREAM_HEADERS_TIMEOUT')
  }

  /** 0 means no deadline. */
  #wait(ms: number, code: ErrorCode): void {
    clearTimeout(this.#waiting)
    if (ms > 0 && !this.bridge.isOpen)
      this.#waiting = this.#after(ms, () => this.fail(code, new Error('The deadline has passed')))
  }

  #clientEnded(): void {
    if (!this.bridge.isOpen && this.#outcome === undefined) this.destroy()
    else if (this.#side !== undefined) this.#closeAfter(this.#side)
  }

  #sideEnded(): void {
    if (this.#socket.destroyed) return
    this.#noteSideEnded()
    this.bridge.end()
    this.#closeAfter(this.#socket)
  }

  #noteSideEnded(): void {
    if (!this.bridge.isDrained) this.#outcome ??= { kind: 'upgraded', endedBy: 'side', ...this.#timing() }
  }

  /** The last bytes to a slow reader are worth some time; a peer that never answers a FIN is not. */
  #closeAfter(ended: Socket): void {
    const { answerMs, flushMs } = this.#times
    if (ended.writableFinished) this.#after(answerMs, () => this.destroy())
    else ended.once('finish', () => this.#after(answerMs, () => this.destroy()))
    this.#after(flushMs, () => this.destroy())
  }

  /** The client has answered its 1012, and that went to the side as its close; or it does not, and the side gets one of the kit's. */
  #endBoth(): void {
    this.bridge.closeSide()
    this.#socket.end()
    this.#after(this.#times.answerMs, () => this.destroy())
  }

  #breakUnlessDrained(): void {
    if (!this.bridge.isDrained) this.destroy()
  }

  #after(ms: number, then: () => void): NodeJS.Timeout {
    const timer = setTimeout(then, ms)
    this.#timers.add(timer)
    return timer
  }

  #timing() {
    return { sentAt: this.#sentAt, headersAt: this.#headersAt }
  }

  #finish(): void {
    this.destroy()
    for (const timer of this.#timers) clearTimeout(timer)
    this.#outcome ??= this.bridge.isOpen
      ? { kind: 'upgraded', endedBy: this.bridge.isDrained ? 'drain' : 'client', ...this.#timing() }
      : { kind: 'client-gone', ...this.#timing() }
    this.destination.finish(this.#outcome)
  }
}

const KEEP_ALIVE_MS = 60_000

function createUpgradeView(
  req: IncomingMessage,
  { path, headers }: UpgradeDestination<unknown>,
): IncomingMessage {
  const parsed = { ...parseHeaders(headers), connection: 'Upgrade', upgrade: 'websocket' }
  // http-proxy-middleware takes no upgrade of a socket without a server, and asks only whether it knows that one.
  const socket = createView(req.socket, { server: {} }).value
  return createView(req, { url: path, headers: parsed, rawHeaders: headers, socket, connection: socket })
    .value
}
