import type { ByteStream } from './byte-stream.ts'

/** Header lines as they were on the wire: case, order and repetitions kept, values as latin1. */
export type RawHeaders = [name: string, value: string][]

/** The first line and the header lines of a message, and the exact bytes they came in. */
export interface RawHead {
  readonly startLine: string
  readonly headers: RawHeaders
  readonly bytes: string
}

/** How a body was delimited, and what it held. `complete` is false when the connection ended before the framing said so. */
export interface RawBody {
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
  readonly complete: boolean
  readonly bytes: Buffer
  /** Sizes of the chunks, in order, for chunked bodies. */
  readonly chunkSizes: number[]
  readonly trailers: RawHeaders
}

/** All values of a header, by name without regard to case. */
export function valuesOf(headers: RawHeaders, name: string): string[] {
  return headers
    .filter(([candidate]) => candidate.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value)
}

/** The only value of a header; undefined when it is absent. @throws when it is there twice */
export function valueFor(headers: RawHeaders, name: string): string | undefined {
  const values = valuesOf(headers, name)
  if (values.length > 1) throw new Error(`${name} is there ${values.length} times: ${values.join(' | ')}`)
  return values[0]
}

/** Reads one head; undefined when the connection ends before any byte of it. */
export async function readHead(stream: ByteStream, timeoutMs?: number): Promise<RawHead | undefined> {
  const bytes = await stream.takeThrough('\r\n\r\n', timeoutMs)
  if (bytes === undefined) {
    if (stream.pending.length === 0) return undefined
    throw new Error(`the connection ended within a head: ${stream.pending.toString('latin1').slice(0, 300)}`)
  }
  const text = bytes.toString('latin1')
  const [startLine = '', ...lines] = text.slice(0, -4).split('\r\n')
  return { startLine, headers: lines.map(parseHeaderLine), bytes: text }
}

/** Reads a body by the framing that its head announces. @throws on malformed framing */
export async function readBody(
  stream: ByteStream,
  head: RawHead,
  options: { otherwise: 'none' | 'close'; timeoutMs?: number },
): Promise<RawBody> {
  const coding = valueFor(head.headers, 'transfer-encoding')
  const length = valueFor(head.headers, 'content-length')
  if (coding !== undefined && length !== undefined) throw new Error(`two framings: ${head.bytes}`)
  if (coding?.toLowerCase() === 'chunked') return readChunked(stream, options.timeoutMs)
  if (coding !== undefined) throw new Error(`an unknown transfer coding: ${coding}`)
  if (length !== undefined) return readLength(stream, length, options.timeoutMs)
  return options.otherwise === 'none' ? emptyBody('none') : readToClose(stream, options.timeoutMs)
}

/** A body of nothing, for messages that by definition have none. */
export function emptyBody(framing: RawBody['framing']): RawBody {
  return { framing, complete: true, bytes: Buffer.alloc(0), chunkSizes: [], trailers: [] }
}

function parseHeaderLine(line: string): [string, string] {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/s.exec(line)
  if (!match) throw new Error(`not a header line: ${JSON.stringify(line)}`)
  return [match[1] ?? '', match[2] ?? '']
}

async function readLength(stream: ByteStream, length: string, timeoutMs?: number): Promise<RawBody> {
  if (!/^\d+$/.test(length)) throw new Error(`not a Content-Length: ${length}`)
  const bytes = await stream.takeExactly(Number(length), timeoutMs)
  const complete = bytes !== undefined
  const rest = complete ? bytes : ((await stream.takeSome(timeoutMs)) ?? Buffer.alloc(0))
  return { framing: 'length', complete, bytes: rest, chunkSizes: [], trailers: [] }
}

async function readChunked(stream: ByteStream, timeoutMs?: number): Promise<RawBody> {
  const parts: Buffer[] = []
  const broken = (): RawBody => ({
    framing: 'chunked',
    complete: false,
    bytes: Buffer.concat(parts),
    chunkSizes: parts.map((part) => part.length),
    trailers: [],
  })
  for (;;) {
    const line = (await stream.takeThrough('\r\n', timeoutMs))?.toString('latin1')
    if (line === undefined) return broken()
    if (!/^[0-9a-fA-F]+(;[^\r\n]*)?\r\n$/.test(line))
      throw new Error(`not a chunk size: ${JSON.stringify(line)}`)
    const size = Number.parseInt(line, 16)
    if (size === 0) return { ...broken(), ...(await readTrailers(stream, timeoutMs)) }
    const data = await stream.takeExactly(size + 2, timeoutMs)
    if (data === undefined) return broken()
    if (data.subarray(size).toString() !== '\r\n') throw new Error('a chunk is longer than its size')
    parts.push(data.subarray(0, size))
  }
}

async function readTrailers(stream: ByteStream, timeoutMs?: number): Promise<Partial<RawBody>> {
  const trailers: RawHeaders = []
  for (;;) {
    const line = (await stream.takeThrough('\r\n', timeoutMs))?.toString('latin1')
    if (line === undefined) return { complete: false, trailers }
    if (line === '\r\n') return { complete: true, trailers }
    trailers.push(parseHeaderLine(line.slice(0, -2)))
  }
}

async function readToClose(stream: ByteStream, timeoutMs?: number): Promise<RawBody> {
  const ending = await stream.waitForEnd(timeoutMs)
  const bytes = stream.pending.length > 0 ? await stream.takeSome() : undefined
  const complete = ending === 'end'
  return { framing: 'close', complete, bytes: bytes ?? Buffer.alloc(0), chunkSizes: [], trailers: [] }
}
