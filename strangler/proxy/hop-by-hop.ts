import { createHeaderNames } from './header-names.ts'

/**
 * Headers that speak of one connection, not of the message: never forwarded, in either direction.
 * Source: RFC 9110 §7.6.1; `proxy-authorization` belongs to this hop (§11.7.2); `http2-settings` and `upgrade` would let a client
 * talk h2c past the proxy.
 */
const HOP_BY_HOP = createHeaderNames([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

// A client must not be able to remove by `Connection: …` what the sides rely on to frame, find or judge the message.
const NEVER_HOP_BY_HOP = new Set(['host', 'content-length', 'content-type', 'content-encoding'])

const NONE: ReadonlySet<string> = new Set()

/** Whether a header belongs to this connection only. `named` are the lower-cased names that its `Connection` lists. */
export function isHopByHop(name: string, named: ReadonlySet<string>): boolean {
  return HOP_BY_HOP.has(name) || (named.size > 0 && named.has(name.toLowerCase()))
}

/** The header names that a `Connection` header lists, lower-cased. */
export function namesInConnection(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NONE
  const names = new Set<string>()
  for (const token of connection.split(',')) {
    const name = token.trim().toLowerCase()
    if (name !== '' && !NEVER_HOP_BY_HOP.has(name)) names.add(name)
  }
  return names
}
