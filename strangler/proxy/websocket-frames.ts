const CLOSE_OPCODE = 8
/** Two bytes, eight of length, four of mask. */
const LONGEST_HEADER = 14

/** The close codes that the kit sends (RFC 6455 §7.4.1): service restart to the client, going away to the side. */
export const CLOSE_SERVICE_RESTART = 1012
export const CLOSE_GOING_AWAY = 1001

/**
 * Follows the frames of one direction of a WebSocket (RFC 6455 §5.2) without looking at what they carry: a frame of the kit's own
 * can be put in at a boundary only. Extensions change payloads, not boundaries.
 */
export class FrameTracker {
  readonly #header = Buffer.alloc(LONGEST_HEADER)
  #headerBytes = 0
  #payloadLeft = 0
  #closed = false

  /** Whether the bytes so far end with a whole frame; true before the first one. */
  get atBoundary(): boolean {
    return this.#headerBytes === 0 && this.#payloadLeft === 0
  }

  /** Whether a whole close frame has passed: this direction has said its last. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * Takes the next bytes.
   * @param stopAtBoundary stop behind the first frame that ends in them
   * @returns how many bytes were taken: all, unless it stopped
   */
  advance(chunk: Uint8Array, stopAtBoundary = false): number {
    let at = 0
    while (at < chunk.length) {
      at =
        this.#payloadLeft > 0 ? this.#takePayload(chunk, at) : this.#takeHeaderByte(chunk[at] as number, at)
      if (stopAtBoundary && this.atBoundary) return at
    }
    return at
  }

  #takePayload(chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.#payloadLeft, chunk.length - at)
    this.#payloadLeft -= taken
    if (this.#payloadLeft === 0) this.#endFrame()
    return at + taken
  }

  #takeHeaderByte(byte: number, at: number): number {
    this.#header[this.#headerBytes++] = byte
    if (this.#headerBytes < headerLength(this.#header, this.#headerBytes)) return at + 1
    this.#payloadLeft = payloadLength(this.#header)
    this.#headerBytes = 0
    if (this.#payloadLeft === 0) this.#endFrame()
    return at + 1
  }

  #endFrame(): void {
    if (((this.#header[0] as number) & 0x0f) === CLOSE_OPCODE) this.#closed = true
  }
}

function headerLength(header: Buffer, known: number): number {
  if (known < 2) return 2
  const second = header[1] as number
  const short = second & 0x7f
  return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0)
}

function payloadLength(header: Buffer): number {
  const short = (header[1] as number) & 0x7f
  if (short === 126) return header.readUInt16BE(2)
  // Beyond 2^53 the count is not exact, and such a frame does not end within anybody's life.
  return short === 127 ? Number(header.readBigUInt64BE(2)) : short
}

/** A close frame. A frame to a side must be masked, with four random bytes; one to a client must not. */
export function encodeClose(code: number, mask?: Buffer): Buffer {
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(code)
  const head = [0x80 | CLOSE_OPCODE, (mask === undefined ? 0 : 0x80) | payload.length]
  if (mask === undefined) return Buffer.from([...head, ...payload])
  return Buffer.from([...head, ...mask, ...payload.map((byte, i) => byte ^ (mask[i] as number))])
}
