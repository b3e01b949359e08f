/** What `JSON.parse` does not tell about a text. */
export interface JsonScan {
  /** Members of all objects, those of the same name counted each. */
  readonly members: number
  readonly depth: number
  /** A number may have more digits, or a larger exponent, than a double keeps apart. May be said of one that does not. */
  readonly mayLosePrecision: boolean
}

const QUOTE = 34
const BACKSLASH = 92
const COLON = 58

/** One pass over UTF-8 bytes. Only what it says of well-formed JSON means anything. */
export function scanJson(bytes: Uint8Array): JsonScan {
  let members = 0
  let depth = 0
  let deepest = 0
  let digits = 0
  let mayLosePrecision = false
  const end = bytes.length
  for (let at = 0; at < end; at += 1) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      at = skipString(bytes, at + 1)
      digits = 0
    } else if (byte >= 48 && byte <= 57) {
      digits += 1
      if (digits > 15) mayLosePrecision = true
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
      // An exponent is rare enough to be looked at in full: 1e400 and 1e500 are both Infinity.
      if ((byte | 32) === 101 && digits > 0) mayLosePrecision = true
      digits = 0
    }
  }
  return { members, depth: deepest, mayLosePrecision }
}

/** The index of the closing quote, or the end. */
function skipString(bytes: Uint8Array, start: number): number {
  const end = bytes.length
  let at = start
  while (at < end) {
    const byte = bytes[at]!
    if (byte === QUOTE) return at
    at += byte === BACKSLASH ? 2 : 1
  }
  return at
}
