import { COMPARED_HEADERS } from './compare-headers.ts'
import { MASK, maskTokens } from './mask-tokens.ts'

/** Headers whose values say nothing about a person. Every other one keeps its name only: an unknown header may be a key. */
const SHOWN_HEADERS = new Set([
  ...COMPARED_HEADERS,
  ...['accept', 'accept-encoding', 'accept-language', 'content-length', 'content-encoding', 'content-range'],
  ...[
    'date',
    'etag',
    'last-modified',
    'expires',
    'age',
    'if-none-match',
    'if-modified-since',
    'if-match',
    'range',
  ],
  ...['host', 'server', 'origin', 'traceparent', 'x-request-id', 'x-correlation-id', 'x-strangler-shadow'],
])

/** A raw list of headers as it may be stored and shown. `masked` names further ones that lose their values. */
export function maskHeaders(headers: readonly string[], masked: ReadonlySet<string>): string[] {
  return headers.map((text, at) => {
    if (at % 2 === 0) return text
    const name = headers[at - 1]!.toLowerCase()
    if (masked.has(name)) return MASK
    if (name === 'cookie') return text.split(';').map(maskPair).join('; ')
    if (name === 'set-cookie') return maskCookie(text)
    if (name === 'authorization') return /^\w+ /.test(text) ? `${text.split(' ', 1)[0]} ${MASK}` : MASK
    return SHOWN_HEADERS.has(name) ? maskTokens(text) : MASK
  })
}

function maskCookie(text: string): string {
  const [pair = '', ...attributes] = text.split(';')
  return [maskPair(pair), ...attributes.map((attribute) => attribute.trim())].join('; ')
}

function maskPair(pair: string): string {
  const [name = ''] = pair.split('=', 1)
  // A cookie without a name is a value alone.
  return pair.includes('=') ? `${name.trim()}=${MASK}` : MASK
}
