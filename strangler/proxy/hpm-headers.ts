import type { ClientRequest, IncomingHttpHeaders } from 'node:http'

/** A raw header list as node:http would have parsed it, for code that looks headers up by name. */
export function parseHeaders(raw: readonly string[]): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {}
  for (const [lower, { values }] of groupHeaders(raw)) {
    if (lower === 'set-cookie') headers[lower] = values
    else headers[lower] = values.join(lower === 'cookie' ? '; ' : ', ')
  }
  return headers
}

/** A raw header list by lower-case name, repeated headers as lists, so that setHeader writes each one on its own line. */
export function collectHeaders(raw: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const [lower, { values }] of groupHeaders(raw))
    headers[lower] = values.length === 1 ? (values[0] as string) : values
  return headers
}

/**
 * Gives the headers of an unsent request the case and the repetitions of the raw list, which http-proxy-middleware does not keep.
 * A header that the endpoint's options have changed keeps its new value.
 */
export function restoreHeaders(out: ClientRequest, raw: readonly string[]): void {
  const parsed = parseHeaders(raw)
  for (const [lower, { name, values }] of groupHeaders(raw)) {
    const present = out.getHeader(lower)
    if (present === undefined) continue
    const unchanged = String(present) === String(parsed[lower])
    const value = unchanged ? (values.length === 1 ? (values[0] as string) : values) : present
    out.setHeader(name, value)
  }
}

function groupHeaders(raw: readonly string[]): Map<string, { name: string; values: string[] }> {
  const groups = new Map<string, { name: string; values: string[] }>()
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string
    const lower = name.toLowerCase()
    const group = groups.get(lower)
    if (group === undefined) groups.set(lower, { name, values: [raw[i + 1] as string] })
    else group.values.push(raw[i + 1] as string)
  }
  return groups
}
