import type { Upstream } from './forward.ts'
import { isHopByHop, namesInConnection } from './hop-by-hop.ts'

/**
 * An answer's raw headers as they go to the client: as received, less those of the upstream connection.
 * @param keepTrailer whether the announcement of trailers may stay: only when they can be sent
 */
export function buildResponseHeaders(raw: readonly string[], keepTrailer: boolean): string[] {
  const named = namesInConnection(connectionOf(raw))
  const out: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string
    if (isHopByHop(name, named) && !(keepTrailer && name.toLowerCase() === 'trailer')) continue
    out.push(name, raw[i + 1] as string)
  }
  return out
}

function connectionOf(raw: readonly string[]): string | undefined {
  let found: string | undefined
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string
    if (name.length === 10 && name.toLowerCase() === 'connection')
      found = found === undefined ? raw[i + 1] : `${found},${raw[i + 1]}`
  }
  return found
}

/** A path prefix that is replaced on the way to the service. */
export interface PathRewrite {
  readonly from: string
  readonly to: string
}

/** Replaces the prefix of a request target, at a segment's boundary only. */
export function rewriteRequestPath(path: string, rewrite: PathRewrite | undefined): string {
  return rewrite === undefined ? path : replacePrefix(path, rewrite.from, rewrite.to)
}

function replacePrefix(path: string, from: string, to: string): string {
  const bare = from.endsWith('/') ? from.slice(0, -1) : from
  const next = path.charAt(bare.length)
  if (!path.startsWith(bare) || (next !== '' && next !== '/' && next !== '?')) return path
  const replaced = `${to.endsWith('/') ? to.slice(0, -1) : to}${path.slice(bare.length)}`
  return replaced.startsWith('/') ? replaced : `/${replaced}`
}

/**
 * Makes an answer's addresses those that the client knows: a Location that names the side itself, the path prefix that was rewritten,
 * and the path and domain of its cookies. Changes `headers` in place.
 */
export function rewriteResponseHeaders(
  headers: string[],
  context: { upstream: Upstream; clientOrigin: string; rewrite: PathRewrite | undefined },
): void {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const lower = (headers[i] as string).toLowerCase()
    const value = headers[i + 1] as string
    if (lower === 'location' || lower === 'content-location') headers[i + 1] = rewriteLocation(value, context)
    else if (lower === 'set-cookie') headers[i + 1] = rewriteCookie(value, context)
  }
}

function rewriteLocation(
  value: string,
  {
    upstream,
    clientOrigin,
    rewrite,
  }: { upstream: Upstream; clientOrigin: string; rewrite: PathRewrite | undefined },
): string {
  const { origin } = upstream
  const next = value.charAt(origin.length)
  const own = value.startsWith(origin) && (next === '' || next === '/' || next === '?' || next === '#')
  const path = own ? value.slice(origin.length) : value
  if (!own && !path.startsWith('/')) return value
  const back =
    rewrite === undefined || path.startsWith('//') ? path : replacePrefix(path, rewrite.to, rewrite.from)
  return own ? `${clientOrigin}${back}` : back
}

function rewriteCookie(
  value: string,
  { upstream, rewrite }: { upstream: Upstream; rewrite: PathRewrite | undefined },
): string {
  let cookie = value
  if (rewrite !== undefined) {
    cookie = cookie.replace(
      /(;\s*path=)([^;]*)/i,
      (_all, key: string, path: string) => key + replacePrefix(path, rewrite.to, rewrite.from),
    )
  }
  if (upstream.host === 'target') {
    const domain = /;\s*domain=([^;]*)/i.exec(cookie)
    // A cookie for the side's own name would be refused by the client; without a domain it is for the name the client asked.
    if (domain?.[1]?.trim().replace(/^\./, '') === upstream.url.hostname)
      cookie = cookie.replace(domain[0], '')
  }
  return cookie
}
