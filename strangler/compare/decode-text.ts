import { isAscii } from 'node:buffer'

/**
 * Bytes as text. A byte order mark wins over the charset that the header names (WHATWG Encoding 6); without either it is UTF-8.
 * @returns undefined when the bytes are not of that charset, or nobody knows it: two wrong letters must never become the same
 * replacement character
 */
export function decodeText(bytes: Uint8Array, charset: string | undefined): string | undefined {
  const label = charsetOfMark(bytes) ?? charset?.trim().toLowerCase() ?? 'utf-8'
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // Most bodies are, and their text costs nothing then.
  if (isAsciiLike(label) && isAscii(buffer)) return buffer.toString('latin1')
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes)
  } catch {
    // Not of that charset, or no such charset: what the caller makes of it is a difference, not an error.
    return undefined
  }
}

function charsetOfMark([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8'
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined
}

function isAsciiLike(label: string): boolean {
  return /^(utf-?8|us-ascii|iso-?8859-\d+|latin1|windows-125\d)$/.test(label)
}
