import { performance } from 'node:perf_hooks'
import { breakAnswer } from './answer-writer.ts'
import type { ForwardOutcome, ForwardRequest } from './forward.ts'
import { findHeader } from './header-names.ts'
import { readFailure } from './upstream-failure.ts'

/** Errors of the deadlines, under the codes that undici uses for the same. */
const DEADLINE_CODES = {
  connect: 'UND_ERR_CONNECT_TIMEOUT',
  headers: 'UND_ERR_HEADERS_TIMEOUT',
  total: 'UND_ERR_BODY_TIMEOUT',
} as const

const DEADLINES = Object.keys(DEADLINE_CODES) as (keyof typeof DEADLINE_CODES)[]

/** The reason of an attempt that ends because nobody waits for its answer. */
export const CLIENT_GONE = new Error('The client has gone')

/**
 * What every engine needs around its library: the moments of the attempt, its deadlines, the client's going away, and that the
 * outcome is told exactly once.
 */
export class ForwardAttempt {
  readonly request: ForwardRequest
  readonly #resolve: (outcome: ForwardOutcome) => void
  readonly #cancel: (reason: Error) => void
  readonly #timers: Partial<Record<keyof typeof DEADLINE_CODES, NodeJS.Timeout>> = {}
  #sentAt = performance.now()
  #headersAt: number | undefined
  #waitsSince: number | undefined
  #connected = false
  #done = false

  /** @param cancel ends the library's side of the exchange; called at most once, and never after the outcome was told */
  constructor(
    request: ForwardRequest,
    resolve: (outcome: ForwardOutcome) => void,
    cancel: (reason: Error) => void,
  ) {
    this.request = request
    this.#resolve = resolve
    this.#cancel = cancel
    this.startDeadline('total', request.remainingMs)
    request.res.on('close', this.#onClose)
  }

  get done(): boolean {
    return this.#done
  }

  /** The connection stands and the request begins to leave: from now on the side may have seen it. */
  markSent(): void {
    this.#connected = true
    this.#sentAt = performance.now()
    this.clearDeadline('connect')
  }

  /** The final answer's headers are here. An event stream may then last for ever. */
  markHeaders(isEventStream: boolean): void {
    this.#headersAt = performance.now()
    this.clearDeadline('headers')
    if (isEventStream) this.clearDeadline('total')
  }

  /** 0 means no deadline. That of the headers begins when the whole request has left. */
  startDeadline(deadline: keyof typeof DEADLINE_CODES, ms: number): void {
    if (deadline === 'headers') this.#waitsSince ??= performance.now()
    if (ms <= 0 || this.#done) return
    this.clearDeadline(deadline)
    const expire = () =>
      this.cancel(
        Object.assign(new Error(`The ${deadline} deadline has passed`), { code: DEADLINE_CODES[deadline] }),
      )
    this.#timers[deadline] = setTimeout(expire, ms)
  }

  clearDeadline(deadline: keyof typeof DEADLINE_CODES): void {
    const timer = this.#timers[deadline]
    if (timer !== undefined) clearTimeout(timer)
  }

  /** Ends the attempt from this side. */
  cancel(reason: Error): void {
    if (this.#done) return
    this.fail(reason)
    this.#cancel(reason)
  }

  /** The whole answer was passed on. */
  succeed(status: number): void {
    this.#finish({ kind: 'answered', status, sentAt: this.#sentAt, headersAt: this.#headersAt })
  }

  /** The attempt failed; an answer that had begun is broken off. */
  fail(error: unknown): void {
    if (this.#done) return
    if (error === CLIENT_GONE)
      return this.#finish({ kind: 'client-gone', ...this.#waited(), ...this.#timing() })
    const failure = readFailure(error)
    const answerBegun = this.request.res.headersSent
    const nothingSent = failure.nothingSent || !this.#connected
    this.#finish({
      kind: 'failed',
      code: failure.code,
      answerBegun,
      nothingSent,
      cause: error,
      ...this.#timing(),
    })
    if (answerBegun) breakAnswer(this.request.res)
  }

  readonly #onClose = () => {
    if (!this.request.res.writableFinished) this.cancel(CLIENT_GONE)
  }

  #waited() {
    if (this.#waitsSince === undefined || this.#headersAt !== undefined) return {}
    return { waitedMs: performance.now() - this.#waitsSince }
  }

  #timing() {
    return { sentAt: this.#sentAt, headersAt: this.#headersAt }
  }

  #finish(outcome: ForwardOutcome): void {
    if (this.#done) return
    this.#done = true
    for (const deadline of DEADLINES) this.clearDeadline(deadline)
    this.request.res.off('close', this.#onClose)
    this.#resolve(outcome)
  }
}

/** Whether raw headers announce a server-sent event stream. */
export function isEventStream(raw: readonly string[]): boolean {
  return findHeader(raw, 'content-type')?.toLowerCase().startsWith('text/event-stream') === true
}
