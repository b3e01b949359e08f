import http from 'node:http'
import https from 'node:https'
import { LONGEST_ANSWER_HEADERS } from '../core/answer-bounds.ts'
import { beginAnswer, passInterim, passTrailers } from './answer-writer.ts'
import type { ForwardEngine, ForwardOutcome, ForwardRequest } from './forward.ts'
import { ForwardAttempt, isEventStream } from './forward-attempt.ts'

const KEEP_ALIVE_MS = 4_000

/**
 * The engine of the few requests that undici cannot carry unchanged: `Content-Length: 0` on a method that expects no body, request
 * trailers, and a request target that is not a path (`OPTIONS *`).
 */
export function createNodeHttpEngine(): ForwardEngine {
  const plain = new http.Agent({ keepAlive: true, timeout: KEEP_ALIVE_MS })
  const secure = new https.Agent({ keepAlive: true, timeout: KEEP_ALIVE_MS })
  return {
    name: 'node-http',
    forward: (request) => exchange(request, request.upstream.url.protocol === 'https:' ? secure : plain),
    async stop() {
      plain.destroy()
      secure.destroy()
    },
  }
}

function exchange(request: ForwardRequest, agent: http.Agent): Promise<ForwardOutcome> {
  return new Promise((resolve) => {
    const out = openRequest(request, agent)
    const attempt = new ForwardAttempt(request, resolve, (reason) => out.destroy(reason))
    attempt.startDeadline('connect', request.deadlines.connectMs)
    out.on('socket', (socket) => {
      if (!socket.connecting) attempt.markSent()
      else
        socket.once(request.upstream.url.protocol === 'https:' ? 'secureConnect' : 'connect', () =>
          attempt.markSent(),
        )
    })
    out.on('finish', () => attempt.startDeadline('headers', request.deadlines.headersMs))
    out.on('information', (info) => passInterim(request, info.statusCode, info.rawHeaders))
    out.on('error', (error) => attempt.fail(error))
    out.on('response', (answer) => passAnswer(attempt, answer))
    sendBody(request, out)
  })
}

function openRequest(request: ForwardRequest, agent: http.Agent): http.ClientRequest {
  const { upstream, req, path, headers } = request
  const secure = upstream.url.protocol === 'https:'
  const out = (secure ? https : http).request({
    protocol: upstream.url.protocol,
    host: upstream.url.hostname.replace(/^\[|\]$/g, ''),
    port: upstream.url.port || (secure ? 443 : 80),
    method: req.method,
    path,
    agent: request.fresh ? false : agent,
    maxHeaderSize: LONGEST_ANSWER_HEADERS,
    setHost: false,
    setDefaultHeaders: false,
    headers: hasTrailers(req) ? withTrailerAnnounced(req, headers) : headers,
  } as http.RequestOptions)
  return out
}

function hasTrailers(req: http.IncomingMessage): boolean {
  return req.headers.trailer !== undefined && req.headers['transfer-encoding'] !== undefined
}

function withTrailerAnnounced(req: http.IncomingMessage, headers: readonly string[]): string[] {
  return [...headers, 'trailer', req.headers.trailer ?? '', 'transfer-encoding', 'chunked']
}

function sendBody({ req }: ForwardRequest, out: http.ClientRequest): void {
  if (!hasTrailers(req)) {
    req.pipe(out)
    return
  }
  req.pipe(out, { end: false })
  req.once('end', () => {
    const pairs: [string, string][] = []
    for (let i = 0; i + 1 < req.rawTrailers.length; i += 2)
      pairs.push([req.rawTrailers[i] as string, req.rawTrailers[i + 1] as string])
    out.addTrailers(pairs)
    out.end()
  })
}

function passAnswer(attempt: ForwardAttempt, answer: http.IncomingMessage): void {
  const { request } = attempt
  const status = answer.statusCode ?? 502
  attempt.markHeaders(isEventStream(answer.rawHeaders))
  answer.on('error', (error) => attempt.fail(error))
  answer.on('close', () => {
    if (!answer.complete) attempt.fail(new Error('The side broke the connection inside its answer'))
  })
  beginAnswer(request, status, answer.statusMessage ?? '', answer.rawHeaders)
  const { capture } = request
  if (capture !== undefined) answer.on('data', (chunk: Buffer) => capture.push(chunk))
  answer.pipe(request.res, { end: false })
  answer.on('end', () => {
    passTrailers(request.res, answer.rawTrailers)
    request.res.end()
    attempt.succeed(status)
  })
}
