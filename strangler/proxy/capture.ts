import type { IncomingMessage } from 'node:http'
import type { CapturedRequest, SkipReason } from '../core/compare-words.ts'
import { SHADOW_HEADER } from '../core/shadow-mark.ts'
import type { Side } from '../core/words.ts'
import { effectOf } from '../routing/compile-table.ts'
import type { Decision } from '../routing/decide.ts'
import type { CapturePort } from './capture-port.ts'
import type { Exchange } from './exchange.ts'
import { isEventStream } from './forward-attempt.ts'
import { findHeader } from './header-names.ts'
import type { ProxyContext } from './proxy-context.ts'
import { hasBody } from './request-body.ts'

/** How the primary answered, when it is over. */
export interface CaptureEnd {
  readonly target: Side
  readonly tookMs: number
}

/** What a copy costs besides its bodies: headers, objects. */
const OVERHEAD_BYTES = 4_096

/**
 * The copy of one exchange, made while its bytes pass. It holds nothing back: what is too long, or finds the bound of all copies
 * reached, is let go, and the exchange is counted as skipped.
 */
export class ExchangeCapture {
  readonly decision: Decision
  readonly #port: CapturePort
  readonly #hasNoBody: boolean
  #status = 0
  #headers: readonly string[] = []
  #answer: Buffer[] = []
  #answerBytes = 0
  #request: Buffer[] = []
  #requestBytes = 0
  #taken = 0
  #over = false

  constructor(port: CapturePort, decision: Decision, method: string | undefined) {
    this.decision = decision
    this.#port = port
    this.#hasNoBody = method === 'HEAD'
    this.#take(OVERHEAD_BYTES)
  }

  /** Nothing more is copied; the reason is counted. Only the first one counts. */
  skip(reason: SkipReason): void {
    if (this.#over) return
    this.#release()
    this.#port.onSkipped(this.decision, reason)
  }

  /** Nothing more is copied, and nothing counted: there is nothing to compare after all. */
  drop(): void {
    if (!this.#over) this.#release()
  }

  /** The side's status and headers, before the proxy's own changes. */
  begin(status: number, rawHeaders: readonly string[]): void {
    if (this.#over) return
    this.#status = status
    this.#headers = rawHeaders
    if (isEventStream(rawHeaders)) return this.skip('streaming')
    const length = this.#hasNoBody ? 0 : Number(findHeader(rawHeaders, 'content-length') ?? 0)
    if (length > this.#port.maxBodyBytes) this.skip('too-large')
  }

  push(chunk: Buffer): void {
    if (this.#over) return
    this.#answerBytes += chunk.length
    if (this.#answerBytes > this.#port.maxBodyBytes) return this.skip('too-large')
    if (this.#take(chunk.length)) this.#answer.push(chunk)
  }

  pushRequest(chunk: Buffer): void {
    if (this.#over) return
    this.#requestBytes += chunk.length
    if (this.#requestBytes > this.#port.maxBodyBytes) return this.skip('too-large')
    if (this.#take(chunk.length)) this.#request.push(chunk)
  }

  /** The client has its answer: hands the copy over. */
  finish({ target, tookMs }: CaptureEnd, { exchange, answeredAt, requestFor }: CaptureSources): void {
    if (this.#over) return
    const { endpoint, route } = this.decision
    if (endpoint === undefined || route === undefined) return this.drop()
    if (!this.#isRequestWhole(exchange.req)) return this.skip('streaming')
    const body = this.#request.length === 0 ? undefined : join(this.#request, this.#requestBytes)
    const bytes = this.#taken
    this.#taken = 0
    const answer = {
      status: this.#status,
      headers: this.#headers,
      body: join(this.#answer, this.#answerBytes),
      tookMs,
    }
    this.#release()
    this.#port.onCaptured({
      capability: endpoint.capability,
      endpoint: endpoint.id,
      effect: effectOf(route, exchange.req.method),
      primary: target,
      isShadowed: this.decision.shadowTo !== undefined,
      correlationId: exchange.trace.correlationId,
      answeredAt,
      requests: { monolith: requestFor('monolith', body), service: requestFor('service', body) },
      answer,
      bytes,
    })
  }

  /** A side may answer before it has read its request; the rest of it was never seen here. */
  #isRequestWhole(req: IncomingMessage): boolean {
    if (!hasBody(req)) return true
    const declared = req.headers['content-length']
    return req.complete && (declared === undefined || Number(declared) === this.#requestBytes)
  }

  #take(count: number): boolean {
    if (!this.#port.takeBytes(count)) {
      this.skip('queue-full')
      return false
    }
    this.#taken += count
    return true
  }

  #release(): void {
    this.#over = true
    this.#answer = []
    this.#request = []
    this.#headers = []
    if (this.#taken > 0) this.#port.giveBytes(this.#taken)
    this.#taken = 0
  }
}

/** In memory of its own: a part of a pool could not be handed to another thread, and would keep the whole pool. */
function join(chunks: readonly Buffer[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

/** What the copy is completed with. */
export interface CaptureSources {
  readonly exchange: Exchange
  readonly answeredAt: number
  /** The request as a side gets it. */
  readonly requestFor: (side: Side, body: Uint8Array | undefined) => CapturedRequest
}

/** Begins the copy of an exchange when somebody wants one. A request that is a shadow itself is never copied. */
export function beginCapture(
  context: ProxyContext,
  exchange: Exchange,
  decision: Decision,
): ExchangeCapture | undefined {
  const port = context.capture
  if (port === undefined || decision.endpoint === undefined) return undefined
  const { req } = exchange
  if (shadowMarkOf(context, req) !== undefined || !port.wants(decision)) return undefined
  const capture = new ExchangeCapture(port, decision, req.method)
  if (hasBody(req)) copyRequestBody(req, capture)
  return capture
}

/** The kit's own mark of a shadow request, where it carries a valid one: a side passes it on when it calls the proxy again. */
export function shadowMarkOf({ capture }: ProxyContext, { headers }: IncomingMessage): string | undefined {
  const mark = headers[SHADOW_HEADER]
  return typeof mark === 'string' && capture?.isOwnMark(mark) === true ? mark : undefined
}

// A listener for data would start the flow before the side takes it; every chunk comes in through `push`, once.
function copyRequestBody(req: IncomingMessage, capture: ExchangeCapture): void {
  if (req.readableLength > 0 || req.readableDidRead) return capture.skip('streaming')
  const push = req.push
  req.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (Buffer.isBuffer(chunk)) capture.pushRequest(chunk)
    return push.call(req, chunk, encoding)
  }
}
