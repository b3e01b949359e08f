import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { passInterim, passTrailers } from './answer-writer.ts'
import type { ForwardOutcome, ForwardRequest } from './forward.ts'
import { CLIENT_GONE, ForwardAttempt, isEventStream } from './forward-attempt.ts'
import { guardInterceptor } from './guard-interceptor.ts'
import { collectHeaders, parseHeaders, restoreHeaders } from './hpm-headers.ts'
import { buildResponseHeaders } from './response-headers.ts'
import { createView, type View } from './view.ts'

/**
 * One request inside http-proxy-middleware. It sees views of the client's request and response: the request says what goes out, and
 * the response is sealed when the attempt fails, so that neither it nor an endpoint's handler answers in the kit's place.
 */
export class HpmExchange {
  readonly request: ForwardRequest
  readonly reqView: IncomingMessage
  readonly #resView: View<ServerResponse>
  readonly #attempt: ForwardAttempt
  readonly #before: { headers: OutgoingHttpHeaders; status: number; reason: string; sendDate: boolean }
  readonly #selfHandled: boolean
  #out: ClientRequest | undefined
  #answer: IncomingMessage | undefined

  constructor(request: ForwardRequest, resolve: (outcome: ForwardOutcome) => void) {
    const { res } = request
    this.request = request
    this.reqView = createRequestView(request).value
    this.#resView = createView(res, {})
    this.#selfHandled = request.httpProxyMiddleware?.['selfHandleResponse'] === true
    this.#before = {
      headers: { ...res.getHeaders() },
      status: res.statusCode,
      reason: res.statusMessage,
      sendDate: res.sendDate,
    }
    this.#attempt = new ForwardAttempt(request, resolve, (reason) => this.#release(reason))
    this.#attempt.startDeadline('connect', request.deadlines.connectMs)
    res.once('finish', this.#onFinish)
  }

  get resView(): ServerResponse {
    return this.#resView.value
  }

  /** The request has a socket, and nothing of it has left. A followed redirect comes here too, with a request of its own. */
  begin(out: ClientRequest): void {
    const isFirst = this.#out === undefined
    this.#out = out
    if (this.#attempt.done) {
      out.destroy()
      return
    }
    if (isFirst) this.#watchConnection(out)
    out.on('finish', () => this.#attempt.startDeadline('headers', this.request.deadlines.headersMs))
    out.on('information', (info) => passInterim(this.request, info.statusCode, info.rawHeaders))
  }

  /** The answer's headers are here. What they are made into is what http-proxy-middleware copies, after the endpoint's handlers. */
  beginAnswer(answer: IncomingMessage): void {
    if (this.#attempt.done) return
    this.#answer = answer
    this.#attempt.markHeaders(isEventStream(answer.rawHeaders))
    answer.on('error', (error) => this.fail(error))
    answer.on('close', () => {
      if (!answer.complete) this.fail(new Error('The side broke the connection inside its answer'))
    })
    if (this.#selfHandled) guardInterceptor(answer, (error) => this.fail(error))
    this.#adaptAnswer(answer)
  }

  /** Ends the attempt as failed, unless the client has its whole answer already: then the end of an upload does not matter. */
  fail(error: unknown): void {
    if (this.#attempt.done || this.request.res.writableEnded) return
    this.#attempt.fail(this.#isClientGone() ? CLIENT_GONE : error)
    this.#release(error instanceof Error ? error : new Error(String(error)))
  }

  /** Breaks the attempt off from the kit's side. */
  cancel(reason: Error): void {
    this.#attempt.cancel(reason)
  }

  #watchConnection(out: ClientRequest): void {
    restoreHeaders(out, this.request.headers)
    const { socket } = out
    if (socket === null || !socket.connecting) this.#attempt.markSent()
    else
      socket.once((socket as TLSSocket).encrypted ? 'secureConnect' : 'connect', () =>
        this.#attempt.markSent(),
      )
  }

  #adaptAnswer(answer: IncomingMessage): void {
    const { req, res } = this.request
    const raw = answer.rawHeaders
    const keepTrailer =
      !this.#selfHandled &&
      req.httpVersionMinor >= 1 &&
      req.method !== 'HEAD' &&
      answer.headers['content-length'] === undefined
    const adapted = buildResponseHeaders(raw, keepTrailer)
    this.request.adaptHeaders(adapted, answer.statusCode ?? 502)
    answer.rawHeaders = adapted
    const own = collectHeaders(adapted)
    // httpxy would say keep-alive even to a client that has asked for the connection's end, or while the proxy drains.
    const connection = own['connection'] ?? (res.shouldKeepAlive ? 'keep-alive' : 'close')
    answer.headers = { ...own, connection } as IncomingMessage['headers']
    res.sendDate = false
    if (this.#selfHandled) return
    if (keepTrailer) answer.on('end', () => passTrailers(res, answer.rawTrailers))
    // Without a body to carry them, the headers would wait in Node: an event stream's client for the first event.
    setImmediate(() => {
      if (!this.#attempt.done && !res.headersSent) res.flushHeaders()
    })
  }

  readonly #onFinish = () => {
    this.#attempt.succeed(this.request.res.statusCode)
    // A handler of the endpoint's own has answered; nobody waits for the side any more.
    if (this.#answer === undefined) this.#out?.destroy()
  }

  #isClientGone(): boolean {
    const { req, res } = this.request
    return res.destroyed || req.socket.destroyed || req.errored !== null
  }

  /** Lets go of both sides. The response is given back as it was, for the problem or for another attempt. */
  #release(reason: Error): void {
    const { res } = this.request
    this.#resView.seal()
    res.off('finish', this.#onFinish)
    this.#out?.destroy(reason)
    this.#answer?.destroy()
    if (res.headersSent) return
    for (const name of res.getHeaderNames()) res.removeHeader(name)
    for (const [name, value] of Object.entries(this.#before.headers))
      if (value !== undefined) res.setHeader(name, value)
    res.statusCode = this.#before.status
    res.statusMessage = this.#before.reason
    res.sendDate = this.#before.sendDate
  }
}

function createRequestView({ req, path, headers }: ForwardRequest): View<IncomingMessage> {
  const parsed = parseHeaders(headers)
  // httpxy gives a DELETE or OPTIONS without framing a length of 0, and would then send the body after it (CVE-2026-29057).
  if (req.headers['transfer-encoding'] !== undefined) parsed['transfer-encoding'] = 'chunked'
  // http-proxy-middleware subscribes to the server of every socket it sees, once per endpoint.
  const socket = createView(req.socket, { server: undefined }).value
  return createView(req, { url: path, headers: parsed, rawHeaders: headers, socket, connection: socket })
}
