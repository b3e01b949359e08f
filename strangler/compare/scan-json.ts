import { isFaithful } from './decimal-text.ts'

/** What `JSON.parse` does not tell about a text. */
export interface JsonScan {
  /** Members of all objects, those of the same name counted each. */
  readonly members: number
  readonly depth: number
  /** A number has more digits, or a larger exponent, than a double keeps apart. */
  readonly losesPrecision: boolean
}

const QUOTE = 34
const BACKSLASH = 92
const COLON = 58

/** One pass over UTF-8 bytes, which are faster to read than a string. Only what it says of well-formed JSON means anything. */
export function scanJson(bytes: Uint8Array): JsonScan {
  let members = 0
  let depth = 0
  let deepest = 0
  let digits = 0
  let losesPrecision = false
  const end = bytes.length
  for (let at = 0; at < end; at += 1) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      for (at += 1; at < end; at += 1) {
        const letter = bytes[at]!
        if (letter === QUOTE) break
        if (letter === BACKSLASH) at += 1
      }
      digits = 0
    } else if (byte >= 48 && byte <= 57) {
      digits += 1
      // 15 digits a double keeps apart in every case (DBL_DIG of IEEE 754).
      if (digits === 16 && !losesPrecision) losesPrecision = !isFaithful(numberAt(bytes, at))
    } else if (byte === COLON) {
      members += 1
      digits = 0
    } else if (byte === 123 || byte === 91) {
      depth += 1
      if (depth > deepest) deepest = depth
    } else if (byte === 125 || byte === 93) {
      depth -= 1
      digits = 0
    } else if (byte !== 46) {
      // An exponent may be out of range: 1e400 and 1e500 are both Infinity.
      if ((byte | 32) === 101 && digits > 0 && !losesPrecision) {
        losesPrecision = !isFaithful(numberAt(bytes, at))
      }
      digits = 0
    }
  }
  return { members, depth: deepest, losesPrecision }
}

/** The number that stands around an index. */
function numberAt(bytes: Uint8Array, index: number): string {
  let start = index
  while (start > 0 && isOfNumber(bytes[start - 1]!)) start -= 1
  let end = index
  while (end < bytes.length && isOfNumber(bytes[end]!)) end += 1
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}

/** A digit, `+`, `-`, `.`, `e` or `E`. */
function isOfNumber(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || byte === 43 || byte === 45 || byte === 46 || (byte | 32) === 101
}
