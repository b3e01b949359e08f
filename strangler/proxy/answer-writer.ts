import type { ServerResponse } from 'node:http'
import type { ForwardRequest } from './forward.ts'
import { findHeader } from './header-names.ts'
import { buildResponseHeaders } from './response-headers.ts'

/** `writeInformation` is Node 24's; older ones have the two named methods only. */
type InterimWriter = ServerResponse & {
  writeInformation?: (status: number, headers: Record<string, string | string[]>) => void
}

/** Begins the client's answer with a side's status, reason phrase and headers, as received. */
export function beginAnswer(
  request: ForwardRequest,
  status: number,
  reason: string,
  rawHeaders: readonly string[],
): void {
  const { res, req, capture } = request
  capture?.begin(status, rawHeaders)
  const keepTrailer =
    req.httpVersionMinor >= 1 &&
    req.method !== 'HEAD' &&
    findHeader(rawHeaders, 'content-length') === undefined
  const headers = buildResponseHeaders(rawHeaders, keepTrailer)
  request.adaptHeaders(headers, status)
  res.sendDate = false
  res.writeHead(status, reason, headers)
}

/**
 * Passes an interim answer (102, 103 Early Hints) on, in its place before the final one. A client of HTTP/1.0 does not know them
 * (RFC 9110 §15.2); a 100 was answered here already.
 */
export function passInterim(request: ForwardRequest, status: number, rawHeaders: readonly string[]): void {
  const { req } = request
  if (status === 100 || status === 101 || req.httpVersionMinor === 0) return
  const res: InterimWriter = request.res
  const headers: Record<string, string | string[]> = {}
  const kept = buildResponseHeaders(rawHeaders, false)
  for (let i = 0; i + 1 < kept.length; i += 2) {
    const name = kept[i] as string
    const present = headers[name]
    const value = kept[i + 1] as string
    headers[name] = present === undefined ? value : [...(Array.isArray(present) ? present : [present]), value]
  }
  if (res.writeInformation !== undefined) res.writeInformation(status, headers)
  else if (status === 102) res.writeProcessing()
  else if (status === 103 && headers['link'] !== undefined) res.writeEarlyHints(headers)
}

/** Breaks the client's transfer off: after the answer has begun, a clean end would pass half an answer as a whole one. */
export function breakAnswer(res: ServerResponse): void {
  // HTTP/1.0 has no framing that could be missed: only a reset tells its client that something is wrong.
  if (res.req.httpVersionMinor === 0) res.socket?.resetAndDestroy()
  else res.socket?.destroy()
  res.destroy()
}

/** Trailers as received. Node drops them by itself where the answer is not chunked; then they were not announced either. */
export function passTrailers(res: ServerResponse, rawTrailers: readonly string[]): void {
  if (rawTrailers.length === 0) return
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < rawTrailers.length; i += 2)
    pairs.push([rawTrailers[i] as string, rawTrailers[i + 1] as string])
  res.addTrailers(pairs)
}
