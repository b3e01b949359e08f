import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { ByteStream } from './byte-stream.ts'
import { type RawBody, type RawHead, readBody, readHead } from './http-message.ts'

/** One request as it arrived, and the means to answer it byte by byte. Strings are latin1. */
export class UpstreamExchange {
  readonly head: RawHead
  readonly method: string
  readonly path: string
  /** Which connection of this upstream it came on: 0 for the first. */
  readonly connection: number
  /** Which request on that connection it is: 0 for the first. */
  readonly ordinal: number
  readonly socket: Socket
  readonly stream: ByteStream
  #body: Promise<RawBody> | undefined

  constructor(
    head: RawHead,
    from: { connection: number; ordinal: number; socket: Socket; stream: ByteStream },
  ) {
    this.head = head
    const [method = '', path = ''] = head.startLine.split(' ')
    this.method = method
    this.path = path
    this.connection = from.connection
    this.ordinal = from.ordinal
    this.socket = from.socket
    this.stream = from.stream
  }

  /** Reads the body; the same one when called again. */
  body(timeoutMs = 10_000): Promise<RawBody> {
    this.#body ??= readBody(this.stream, this.head, { otherwise: 'none', timeoutMs })
    return this.#body
  }

  write(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** A whole answer with Content-Length, unless the headers given frame it otherwise. */
  answer(statusLine: string, headers: string[] = [], body: string | Buffer = ''): void {
    const framed = headers.some((line) => /^(content-length|transfer-encoding):/i.test(line))
    const length = framed ? [] : [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`]
    this.write(`${[`HTTP/1.1 ${statusLine}`, ...headers, ...length].join('\r\n')}\r\n\r\n`)
    if (body.length > 0) this.write(body)
  }

  /** Resolves when the proxy has closed this connection, with the time. */
  async closed(): Promise<number> {
    if (!this.socket.destroyed && !this.socket.readableEnded)
      await Promise.race([once(this.socket, 'close'), once(this.socket, 'end')])
    return performance.now()
  }
}

/** What an upstream does with a request; it is waited for before the next one on the connection is read. */
export type UpstreamScript = (exchange: UpstreamExchange) => unknown

const answerOk: UpstreamScript = async (exchange) => {
  await exchange.body()
  exchange.answer('200 OK', ['Content-Type: text/plain'], 'ok')
}

/** A scripted TCP server: it records each request's exact bytes and answers what its script writes. */
export class RawUpstream {
  readonly host = '127.0.0.1'
  port = 0
  script: UpstreamScript
  readonly exchanges: UpstreamExchange[] = []
  /** Connections accepted since the start. */
  connections = 0
  readonly open: Set<Socket> = new Set()
  /** What went wrong in reading requests: framing that this server could not follow. */
  readonly faults: unknown[] = []
  readonly #server: Server
  #waiting: ((exchange: UpstreamExchange) => void)[] = []

  constructor(script: UpstreamScript = answerOk) {
    this.script = script
    this.#server = createServer({ noDelay: true, allowHalfOpen: false }, (socket) => {
      this.#serve(socket).catch((error: unknown) => this.faults.push(error))
    })
  }

  async start(): Promise<this> {
    this.#server.listen(0, this.host)
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as AddressInfo).port
    return this
  }

  /** The next request that arrives after this call. */
  next(timeoutMs = 3_000): Promise<UpstreamExchange> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no request reached the upstream in ${timeoutMs} ms`)),
        timeoutMs,
      )
      this.#waiting.push((exchange) => {
        clearTimeout(timer)
        resolve(exchange)
      })
    })
  }

  /** The only request that was recorded. @throws when there was another number of them */
  get only(): UpstreamExchange {
    const [first] = this.exchanges
    if (first === undefined || this.exchanges.length > 1) {
      const lines = this.exchanges.map((exchange) => exchange.head.startLine).join(', ')
      throw new Error(`expected one request upstream, saw ${this.exchanges.length}: ${lines}`)
    }
    return first
  }

  /** Closes the listening socket: the next connection is refused. */
  async refuse(): Promise<void> {
    this.#server.close()
    for (const socket of this.open) socket.destroy()
    await new Promise((resolve) => setImmediate(resolve))
  }

  async stop(): Promise<void> {
    if (this.#server.listening) this.#server.close()
    for (const socket of this.open) socket.destroy()
  }

  async #serve(socket: Socket): Promise<void> {
    const connection = this.connections++
    this.open.add(socket)
    socket.on('close', () => this.open.delete(socket))
    const stream = new ByteStream(socket, 'upstream')
    for (let ordinal = 0; !socket.destroyed; ordinal++) {
      const head = await readHead(stream, 600_000)
      if (head === undefined) return
      const exchange = new UpstreamExchange(head, { connection, ordinal, socket, stream })
      this.exchanges.push(exchange)
      const waiting = this.#waiting
      this.#waiting = []
      for (const wake of waiting) wake(exchange)
      await this.script(exchange)
      if (/^upgrade:/im.test(head.bytes)) return
      if (!socket.destroyed) await exchange.body(600_000)
    }
  }
}
