import type { ServerResponse } from 'node:http'
import type { ExchangeCapture } from './capture.ts'
import type { Exchange } from './exchange.ts'

/** What the kit itself has put into an answer that passed through its hands. */
const OWN_HEADERS = /^(x-strangler-|x-correlation-id$)/
const OWN_COOKIE = /^strangler_/

/**
 * Copies what is written to a response by somebody else: the app that embeds the kit, or http-proxy-middleware. The calls
 * themselves pass unchanged.
 */
export function tapResponse({ res, capture }: Exchange): void {
  if (capture === undefined) return
  const { write, end } = res
  const copy = (chunk: unknown, encoding: unknown) => {
    if (String(res.getHeader('content-type')).startsWith('text/event-stream')) capture.skip('streaming')
    if (typeof chunk === 'string') {
      capture.push(Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'))
    } else if (chunk instanceof Uint8Array) {
      // The writer may use its buffer again.
      capture.push(Buffer.from(chunk))
    }
  }
  res.write = (...args: unknown[]) => {
    copy(args[0], args[1])
    return Reflect.apply(write, res, args)
  }
  res.end = (...args: unknown[]) => {
    copy(args[0], args[1])
    return Reflect.apply(end, res, args)
  }
}

/** The status and headers of a response that was written so, without the kit's own. */
export function beginFromResponse(res: ServerResponse, capture: ExchangeCapture): void {
  const raw: string[] = []
  for (const [name, value] of Object.entries(res.getHeaders())) {
    if (OWN_HEADERS.test(name)) continue
    for (const one of Array.isArray(value) ? value : [value]) {
      const isOwnCookie = name === 'set-cookie' && OWN_COOKIE.test(String(one))
      if (one !== undefined && !isOwnCookie) raw.push(name, String(one))
    }
  }
  capture.begin(res.statusCode, raw)
}
