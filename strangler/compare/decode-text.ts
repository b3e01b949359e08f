import { isAscii } from 'node:buffer'

/** A text, with its bytes in UTF-8 where these are at hand. */
export interface DecodedText {
  readonly text: string
  readonly utf8: Uint8Array | undefined
}

/**
 * Bytes as text. A byte order mark wins over the charset that the header names (WHATWG Encoding 6); without either it is UTF-8.
 * @returns undefined when the bytes are not of that charset, or nobody knows it: two wrong letters must never become the same
 * replacement character
 */
export function decodeText(bytes: Uint8Array, charset: string | undefined): DecodedText | undefined {
  const label = charsetOfMark(bytes) ?? charset?.trim().toLowerCase() ?? 'utf-8'
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // Most bodies are, and their text costs nothing then.
  if (isAsciiLike(label) && isAscii(buffer)) return { text: buffer.toString('latin1'), utf8: bytes }
  try {
    if (label === 'utf-8' || label === 'utf8') return { text: UTF_8.decode(bytes), utf8: bytes }
    return { text: new TextDecoder(label, { fatal: true }).decode(bytes), utf8: undefined }
  } catch {
    // Not of that charset, or no such charset: what the caller makes of it is a difference, not an error.
    return undefined
  }
}

/** To make one takes longer than to decode a small body. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true })

function charsetOfMark([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8'
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined
}

function isAsciiLike(label: string): boolean {
  return label === 'utf-8' || /^(utf8|us-ascii|iso-?8859-\d+|latin1|windows-125\d)$/.test(label)
}
