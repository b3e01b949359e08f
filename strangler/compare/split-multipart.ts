/** One part of a multipart body. */
export interface BodyPart {
  /** In small letters, without those that only speak of the transfer. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

const MOST_PARTS = 1_000

/**
 * Splits a multipart body (RFC 2046 5.1). The boundary itself is by chance and not part of what is compared.
 * @returns undefined when the boundary does not stand in it, or far too often
 */
export function splitMultipart(bytes: Uint8Array, boundary: string): BodyPart[] | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const mark = Buffer.from(`--${boundary}`)
  const parts: BodyPart[] = []
  if (boundary === '') return undefined
  let start = buffer.indexOf(mark)
  if (start < 0) return undefined
  while (start >= 0 && parts.length <= MOST_PARTS) {
    const from = start + mark.length
    if (buffer[from] === 45 && buffer[from + 1] === 45) return parts
    const next = buffer.indexOf(`\r\n--${boundary}`, from, 'latin1')
    if (next < 0) return undefined
    parts.push(readPart(buffer.subarray(from + 2, next)))
    start = next + 2
  }
  return undefined
}

function readPart(part: Buffer): BodyPart {
  // A part without headers begins with the empty line.
  const hasHeaders = !(part[0] === 13 && part[1] === 10)
  const end = hasHeaders ? part.indexOf('\r\n\r\n') : -2
  if (hasHeaders && end < 0) return { headers: {}, body: part }
  const lines = part.subarray(0, Math.max(0, end)).toString('latin1').split('\r\n')
  const headers = Object.fromEntries(
    lines.flatMap((line) => {
      const colon = line.indexOf(':')
      return colon < 1 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]]
    }),
  )
  return { headers, body: part.subarray(end + 4) }
}
