import type { Bench } from '../bench.ts'
import type { ByteStream } from './byte-stream.ts'

/** Opcodes of RFC 6455. */
export const TEXT = 1
export const CLOSE = 8

/** The header lines of an opening handshake; the key is the one of RFC 6455 §1.3. */
export const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

export const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'

/** One frame off the wire. `code` is the close code of a close frame. */
export interface Frame {
  readonly opcode: number
  readonly last: boolean
  readonly payload: Buffer
  readonly code: number | undefined
}

/** Writes a frame; a client's frames are masked. */
export function encodeFrame(
  opcode: number,
  payload: string | Buffer,
  { last = true, masked = false }: { last?: boolean; masked?: boolean } = {},
): Buffer {
  const data = Buffer.from(payload)
  const length = Buffer.alloc(data.length < 126 ? 1 : data.length < 65_536 ? 3 : 9)
  if (length.length === 1) length[0] = data.length
  else if (length.length === 3) length.writeUInt16BE(data.length, 1)
  else length.writeBigUInt64BE(BigInt(data.length), 1)
  if (length.length > 1) length[0] = length.length === 3 ? 126 : 127
  length[0] = (length[0] ?? 0) | (masked ? 0x80 : 0)
  const mask = masked ? Buffer.alloc(4) : Buffer.alloc(0) // a mask of zeros leaves the payload readable
  return Buffer.concat([Buffer.from([(last ? 0x80 : 0) | opcode]), length, mask, data])
}

/** Reads one frame. @throws when the connection ends first */
export async function decodeFrame(stream: ByteStream, timeoutMs = 3_000): Promise<Frame> {
  const [first = 0, second = 0] = await take(stream, 2, timeoutMs)
  const short = second & 0x7f
  const size =
    short < 126
      ? short
      : short === 126
        ? (await take(stream, 2, timeoutMs)).readUInt16BE()
        : Number((await take(stream, 8, timeoutMs)).readBigUInt64BE())
  // The only masks of this suite are zeros.
  if (second >= 0x80) await take(stream, 4, timeoutMs)
  const payload = await take(stream, size, timeoutMs)
  const opcode = first & 0x0f
  return { opcode, last: first >= 0x80, payload, code: opcode === CLOSE ? payload.readUInt16BE() : undefined }
}

async function take(stream: ByteStream, length: number, timeoutMs: number): Promise<Buffer> {
  const bytes = await stream.takeExactly(length, timeoutMs)
  if (bytes === undefined) throw new Error(`the connection ended (${stream.ended}) within a frame`)
  return bytes
}

/** A raw WebSocket through the subject, both ends in hand. */
export async function openWebSocket(bench: Bench) {
  const stand = await bench.start({ script: (exchange) => exchange.write(SWITCHED) })
  const client = await stand.connect()
  const arrived = stand.upstream.next()
  client.send('GET /socket HTTP/1.1', HANDSHAKE)
  const exchange = await arrived
  await client.readHead()
  return { ...stand, client, exchange }
}
