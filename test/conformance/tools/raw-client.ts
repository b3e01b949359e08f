import { connect, type Socket } from 'node:net'
import { ByteStream, type Ending } from './byte-stream.ts'
import { emptyBody, type RawBody, type RawHead, readBody, readHead, valueFor } from './http-message.ts'

/** A parsed answer; `interim` are the 1xx heads that came before it. */
export interface RawAnswer extends RawHead {
  readonly status: number
  /** What follows the status code on the status line, without the one space between them. */
  readonly reason: string
  readonly interim: (RawHead & { status: number })[]
  readonly body: RawBody
  readonly text: string
}

/** A TCP client that writes exact bytes and reads answers without a library in between. Strings are latin1. */
export class RawClient {
  readonly socket: Socket
  readonly stream: ByteStream

  private constructor(socket: Socket) {
    this.socket = socket
    this.stream = new ByteStream(socket, 'client')
  }

  static async connect(address: { host: string; port: number }): Promise<RawClient> {
    const socket = connect({ ...address, noDelay: true })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new RawClient(socket)
  }

  write(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** Writes one request: a line, header lines and a body that is written as given. */
  send(requestLine: string, headers: string[] = [], body: string | Buffer = ''): void {
    const hasHost = headers.some((line) => /^host:/i.test(line))
    const lines = [requestLine, ...(hasHost ? [] : ['Host: shop.test']), ...headers]
    this.write(`${lines.join('\r\n')}\r\n\r\n`)
    if (body.length > 0) this.write(body)
  }

  /** Reads one head, interim or final; undefined when the connection ends first. */
  async readHead(timeoutMs?: number): Promise<(RawHead & { status: number; reason: string }) | undefined> {
    const head = await readHead(this.stream, timeoutMs)
    if (head === undefined) return undefined
    const match = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/s.exec(head.startLine)
    if (!match) throw new Error(`not a status line: ${JSON.stringify(head.startLine)}`)
    return { ...head, status: Number(match[1]), reason: match[2] ?? '' }
  }

  /** Reads interim answers and the final one with its body. @throws when the connection ends before the final head */
  async readAnswer(options: { method?: string; timeoutMs?: number } = {}): Promise<RawAnswer> {
    const interim: (RawHead & { status: number })[] = []
    for (;;) {
      const head = await this.readHead(options.timeoutMs)
      if (head === undefined) throw new Error(`the connection ended (${this.stream.ended}) before an answer`)
      if (head.status >= 200 || head.status === 101) {
        const body = await this.readAnswerBody(head, options)
        return { ...head, interim, body, text: body.bytes.toString('latin1') }
      }
      interim.push(head)
    }
  }

  async readAnswerBody(
    head: RawHead & { status: number },
    options: { method?: string; timeoutMs?: number } = {},
  ): Promise<RawBody> {
    const bodiless = options.method === 'HEAD' || [101, 204, 304].includes(head.status)
    return bodiless ? emptyBody('none') : readBody(this.stream, head, { otherwise: 'close', ...options })
  }

  /** One request and its answer. */
  async exchange(
    requestLine: string,
    headers: string[] = [],
    body: string | Buffer = '',
  ): Promise<RawAnswer> {
    this.send(requestLine, headers, body)
    return this.readAnswer({ method: requestLine.split(' ')[0] ?? '' })
  }

  /** How the proxy closed the connection. @throws when it does not within the time */
  waitForClose(timeoutMs = 3_000): Promise<Ending> {
    return this.stream.waitForEnd(timeoutMs)
  }

  /** Goes away at once with an RST, as a killed process or a dropped network does. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  /** Goes away with a FIN, as a closed browser tab does. */
  close(): void {
    this.socket.destroy()
  }
}

/** The problem body of an answer of the kit's own. @throws when it is not one */
export function problemOf(answer: RawAnswer): Record<string, unknown> {
  const type = valueFor(answer.headers, 'content-type') ?? 'no Content-Type'
  if (!type.startsWith('application/problem+json')) throw new Error(`not a problem: ${type}: ${answer.text}`)
  return JSON.parse(answer.body.bytes.toString('utf8')) as Record<string, unknown>
}
