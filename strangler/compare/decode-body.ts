import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import type { SkipReason } from '../core/compare-words.ts'

/** A body without its content-encoding, or why there is none. `undecodable`: it is not what its header says. */
export type DecodedBody =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'undecodable'; readonly because: string }
  | { readonly kind: 'skipped'; readonly reason: SkipReason }

type Decoder = (bytes: Uint8Array, maxOutputLength: number) => Uint8Array

const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength }),
  'x-gzip': (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength }),
  br: (bytes, maxOutputLength) => brotliDecompressSync(bytes, { maxOutputLength }),
  zstd: (bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength }),
  // Half of the world sends raw deflate where RFC 9110 8.4.1.2 wants it inside zlib's frame: the frame's first byte tells.
  deflate: (bytes, maxOutputLength) =>
    ((bytes[0] ?? 0) & 15) === 8
      ? inflateSync(bytes, { maxOutputLength })
      : inflateRawSync(bytes, { maxOutputLength }),
}

/** Nobody encodes three times but to make somebody decode three times. */
const MOST_ENCODINGS = 3

/**
 * Takes off the content-encoding.
 * @param maxBytes how large the body may become: a small one that unfolds to gigabytes is `skipped`
 */
export function decodeBody(
  body: Uint8Array,
  contentEncoding: string | undefined,
  maxBytes: number,
): DecodedBody {
  const encodings = (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity')
  if (body.length > maxBytes) return { kind: 'skipped', reason: 'too-large' }
  // An empty body is empty in every encoding: to a HEAD, or by a server that sets the header for all answers.
  if (encodings.length === 0 || body.length === 0) return { kind: 'bytes', bytes: body }
  if (encodings.length > MOST_ENCODINGS) return { kind: 'skipped', reason: 'encoding' }
  let bytes = body
  for (const name of encodings.toReversed()) {
    const decode = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined
    if (decode === undefined) return { kind: 'skipped', reason: 'encoding' }
    try {
      bytes = decode(bytes, maxBytes)
    } catch (error) {
      if (isTooLarge(error)) return { kind: 'skipped', reason: 'too-large' }
      return { kind: 'undecodable', because: `it is not ${name}` }
    }
  }
  return { kind: 'bytes', bytes }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
