import { STATUS_CODES } from 'node:http'
import type { Readable } from 'node:stream'
import { buildConnector, Client, type Dispatcher, Pool } from 'undici'
import { LONGEST_ANSWER_HEADERS } from '../core/answer-bounds.ts'
import { beginAnswer, passInterim, passTrailers } from './answer-writer.ts'
import type { ForwardEngine, ForwardOutcome, ForwardRequest, Upstream } from './forward.ts'
import { ForwardAttempt, isEventStream } from './forward-attempt.ts'
import { findHeader } from './header-names.ts'

/** How long an idle connection is kept: below the 5 s after which Node and Express close theirs. */
const KEEP_ALIVE_MS = 4_000
const LONGEST_KEEP_ALIVE_MS = 60_000
/** A side's `Keep-Alive: timeout=` is a promise about its clock, not ours: let go a second earlier. */
const KEEP_ALIVE_MARGIN_MS = 1_000
/** A body up to this many bytes that comes in one piece leaves in one write with its headers. */
const LONGEST_WHOLE_BODY = 16_384

/**
 * The engine of plain HTTP. undici's dispatch gives a proxy what it needs: raw headers, interim answers one by one, the reason
 * phrase, trailers, pause and resume.
 */
export function createUndiciEngine(options: {
  maxConnections: (side: string) => number | undefined
}): ForwardEngine {
  const pools = new Map<Upstream, Map<number, Pool>>()

  function poolFor(upstream: Upstream, connectMs: number): Pool {
    const present = pools.get(upstream)?.get(connectMs)
    if (present !== undefined) return present
    const pool = new Pool(upstream.origin, {
      ...clientOptions(connectMs),
      connections: options.maxConnections(upstream.name) ?? null,
    })
    pools.set(upstream, (pools.get(upstream) ?? new Map<number, Pool>()).set(connectMs, pool))
    return pool
  }

  return {
    name: 'undici',
    forward(request) {
      const { upstream, deadlines } = request
      if (!request.fresh) return exchange(request, poolFor(upstream, deadlines.connectMs))
      const client = new Client(upstream.origin, clientOptions(deadlines.connectMs))
      return exchange(request, client).finally(() => client.destroy())
    },
    async stop() {
      await Promise.all(
        [...pools.values()].flatMap((ofSide) => [...ofSide.values()]).map((pool) => pool.destroy()),
      )
      pools.clear()
    },
  }
}

function clientOptions(connectMs: number): Client.Options {
  return {
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: LONGEST_ANSWER_HEADERS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: LONGEST_KEEP_ALIVE_MS,
    keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
    bodyTimeout: 0,
    connect: createConnector(connectMs),
  }
}

/**
 * undici takes a reset for the end of an answer that has no framing of its own (client-h1, "treat ECONNRESET as completed"). To a client
 * that would be half an answer passed off as whole, so the error gets another name before undici sees it.
 */
function createConnector(connectMs: number): buildConnector.connector {
  const connect = buildConnector({ timeout: connectMs, allowH2: false })
  return (options, callback) =>
    connect(options, (...result) => {
      result[1]?.prependListener('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNRESET') error.code = 'STRANGLER_RESET'
      })
      callback(...result)
    })
}

function exchange(request: ForwardRequest, dispatcher: Dispatcher): Promise<ForwardOutcome> {
  return new Promise((resolve) => {
    const handler = new ExchangeHandler(request, resolve)
    try {
      dispatcher.dispatch(
        {
          path: request.path,
          method: request.req.method as Dispatcher.HttpMethod,
          headers: request.headers,
          body: bodyOf(request),
          // Its own timer is coarse: 200 ms would become 800. The attempt keeps the deadline.
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      )
    } catch (error) {
      handler.onResponseError(undefined, error)
    }
  })
}

/** Chunks stay chunks: undici would count a stream that has already ended, and send its length instead. */
function bodyOf({ req }: ForwardRequest): Readable | null {
  if (req.headers['transfer-encoding'] !== undefined)
    return req.iterator({ destroyOnReturn: false }) as unknown as Readable
  const length = req.headers['content-length']
  return length === undefined || length === '0' ? null : req
}

type Controller = Dispatcher.DispatchController

/** Carries one exchange's events from undici to the client. */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #request: ForwardRequest
  readonly #attempt: ForwardAttempt
  #controller: Controller | undefined
  #status = 0
  /** The whole body, while it waits for the answer's end to leave together with the headers. */
  #whole: Buffer | undefined
  #length = -1

  constructor(request: ForwardRequest, resolve: (outcome: ForwardOutcome) => void) {
    this.#request = request
    this.#attempt = new ForwardAttempt(request, resolve, (reason) => this.#controller?.abort(reason))
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    // It waited for a connection while its deadline passed or its client left.
    if (this.#attempt.done) controller.abort(new Error('The attempt is over'))
    else this.#attempt.markSent()
  }

  onRequestSent(): void {
    if (this.#status === 0) this.#attempt.startDeadline('headers', this.#request.deadlines.headersMs)
  }

  onResponseStart(controller: Controller, status: number, _headers: unknown, reason?: string): void {
    const raw = toLatin1(controller.rawHeaders)
    if (status < 200) return passInterim(this.#request, status, raw)
    this.#status = status
    this.#attempt.markHeaders(isEventStream(raw))
    this.#length = Number(findHeader(raw, 'content-length') ?? -1)
    beginAnswer(this.#request, status, readReason(status, reason), raw)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#request.capture?.push(chunk)
    if (chunk.length === this.#length && chunk.length <= LONGEST_WHOLE_BODY) {
      this.#whole = chunk
      return
    }
    const { res } = this.#request
    if (res.write(chunk)) return
    controller.pause()
    res.once('drain', () => controller.resume())
  }

  onResponseEnd(controller: Controller): void {
    passTrailers(this.#request.res, toLatin1(controller.rawTrailers))
    // As one string with the headers it is one write to the connection, which is what a small answer costs most.
    if (this.#whole === undefined) this.#request.res.end()
    else this.#request.res.end(this.#whole.toString('latin1'), 'latin1')
    this.#attempt.succeed(this.#status)
  }

  onResponseError(_controller: unknown, error: unknown): void {
    this.#attempt.fail(error)
  }
}

function toLatin1(raw: Controller['rawHeaders']): string[] {
  if (!Array.isArray(raw)) return []
  return raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')))
}

/** undici decodes the phrase as UTF-8; on the wire it is bytes again. What was no UTF-8 is lost, and the phrase with it. */
function readReason(status: number, reason = ''): string {
  if (reason === STATUS_CODES[status]) return reason
  return reason.includes('\ufffd') ? '' : Buffer.from(reason, 'utf8').toString('latin1')
}
