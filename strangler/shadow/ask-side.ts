import { performance } from 'node:perf_hooks'
import { type Dispatcher, Pool } from 'undici'
import { LONGEST_ANSWER_HEADERS } from '../core/answer-bounds.ts'
import type { CapturedAnswer, CapturedRequest, SkipReason } from '../core/compare-words.ts'
import type { Stoppable } from '../core/ports.ts'

/** What came of asking a side once more. */
export type Asked =
  | { readonly kind: 'answered'; readonly answer: CapturedAnswer }
  | { readonly kind: 'skipped'; readonly reason: SkipReason }

/** The connections of the shadow requests to one side: never those that clients wait for. */
export interface SideConnection extends Stoppable {
  ask(request: CapturedRequest, limits: { timeoutMs: number; maxBodyBytes: number }): Promise<Asked>
}

const KEEP_ALIVE_MS = 4_000
const CONNECT_MS = 2_000

/** @param connections as many as are asked at once */
export function createSideConnection(url: string, connections: number): SideConnection {
  const pool = new Pool(new URL(url).origin, {
    connections,
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: LONGEST_ANSWER_HEADERS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: CONNECT_MS },
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  return {
    ask: (request, limits) =>
      new Promise((resolve) => {
        const asking = new Asking({ ...limits, hasNoBody: request.method === 'HEAD' }, resolve)
        try {
          pool.dispatch(
            {
              path: request.target,
              method: request.method as Dispatcher.HttpMethod,
              headers: [...request.headers],
              body: request.body === undefined ? null : Buffer.from(request.body),
            },
            asking,
          )
        } catch {
          // A request that undici refuses to send says nothing of the side.
          asking.end({ kind: 'skipped', reason: 'shadow-unreachable' })
        }
      }),
    stop: () => pool.destroy(),
  }
}

/** One request: its answer within its bounds, read to the end or broken off. */
class Asking implements Dispatcher.DispatchHandler {
  readonly #resolve: (asked: Asked) => void
  readonly #maxBodyBytes: number
  readonly #hasNoBody: boolean
  readonly #timer: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | undefined
  #sentAt = performance.now()
  #status = 0
  #headers: readonly string[] = []
  #chunks: Buffer[] = []
  #bytes = 0
  #over = false

  constructor(
    { timeoutMs, maxBodyBytes, hasNoBody }: { timeoutMs: number; maxBodyBytes: number; hasNoBody: boolean },
    resolve: (asked: Asked) => void,
  ) {
    this.#resolve = resolve
    this.#maxBodyBytes = maxBodyBytes
    this.#hasNoBody = hasNoBody
    this.#timer = setTimeout(() => this.#breakOff('shadow-timeout'), timeoutMs)
  }

  end(asked: Asked): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    this.#chunks = []
    this.#resolve(asked)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) controller.abort(new Error('The shadow request is over'))
    else this.#sentAt = performance.now()
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return
    this.#status = status
    this.#headers = rawHeadersOf(controller)
    const type = this.#header('content-type') ?? ''
    if (type.toLowerCase().startsWith('text/event-stream')) return this.#breakOff('streaming')
    // Nothing is read of what is to be let go anyway. The length in a 304 is that of the answer it stands for.
    if (
      !this.#hasNoBody &&
      status !== 304 &&
      Number(this.#header('content-length') ?? 0) > this.#maxBodyBytes
    )
      this.#breakOff('too-large')
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (this.#over) return
    this.#bytes += chunk.length
    if (this.#bytes > this.#maxBodyBytes) return this.#breakOff('too-large')
    this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.end({
      kind: 'answered',
      answer: {
        status: this.#status,
        headers: this.#headers,
        body: Buffer.concat(this.#chunks),
        tookMs: performance.now() - this.#sentAt,
      },
    })
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.end({ kind: 'skipped', reason: readReason(error) })
  }

  #breakOff(reason: SkipReason): void {
    this.end({ kind: 'skipped', reason })
    this.#controller?.abort(new Error(`The shadow request is over: ${reason}`))
  }

  #header(name: string): string | undefined {
    const at = this.#headers.findIndex((part, index) => index % 2 === 0 && part.toLowerCase() === name)
    return at < 0 ? undefined : this.#headers[at + 1]
  }
}

function rawHeadersOf({ rawHeaders }: Dispatcher.DispatchController): string[] {
  if (!Array.isArray(rawHeaders)) return []
  return rawHeaders.map((part) => (typeof part === 'string' ? part : part.toString('latin1')))
}

const UNREACHABLE = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'],
  ...['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'],
])

function readReason(error: Error & { code?: string }): SkipReason {
  const inner =
    error instanceof AggregateError ? (error.errors[0] as { code?: string } | undefined) : undefined
  return UNREACHABLE.has(inner?.code ?? error.code ?? '') ? 'shadow-unreachable' : 'shadow-reset'
}
