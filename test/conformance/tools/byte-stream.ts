import type { Socket } from 'node:net'

/** How a connection ended: by FIN (`end`) or by RST (`reset`). */
export type Ending = 'end' | 'reset'

/** Reads bytes off a socket one await at a time, and knows how the connection ended. Every wait has a deadline. */
export class ByteStream {
  ended: Ending | undefined
  readonly #socket: Socket
  #buffer: Buffer = Buffer.alloc(0)
  #wake: (() => void) | undefined
  #label: string

  constructor(socket: Socket, label: string) {
    this.#socket = socket
    this.#label = label
    socket.on('data', (bytes: Buffer) => {
      this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes])
      this.#wake?.()
    })
    socket.on('end', () => this.#end('end'))
    socket.on('error', () => this.#end('reset'))
    socket.on('close', () => this.#end('end'))
  }

  /** Bytes received and not yet taken. */
  get pending(): Buffer {
    return this.#buffer
  }

  /** Takes up to and including the delimiter; undefined when the connection ends before it. */
  async takeThrough(delimiter: string, timeoutMs = 3_000): Promise<Buffer | undefined> {
    const found = () => this.#buffer.indexOf(delimiter, 0, 'latin1')
    if (!(await this.#until(() => found() >= 0, timeoutMs, JSON.stringify(delimiter)))) return undefined
    return this.#take(found() + delimiter.length)
  }

  /** Waits until so many bytes are pending, and takes none. */
  async waitFor(length: number, timeoutMs = 3_000): Promise<void> {
    await this.#until(() => this.#buffer.length >= length, timeoutMs, `${length} bytes`)
  }

  /** Takes exactly `length` bytes; undefined when the connection ends before them (they stay pending). */
  async takeExactly(length: number, timeoutMs = 3_000): Promise<Buffer | undefined> {
    const complete = await this.#until(() => this.#buffer.length >= length, timeoutMs, `${length} bytes`)
    return complete ? this.#take(length) : undefined
  }

  /** Takes whatever is there, waiting for at least one byte; undefined at the end of the connection. */
  async takeSome(timeoutMs = 3_000): Promise<Buffer | undefined> {
    const some = await this.#until(() => this.#buffer.length > 0, timeoutMs, 'any byte')
    return some ? this.#take(this.#buffer.length) : undefined
  }

  /** Waits for the connection's end and says which one it was. Bytes that arrive meanwhile stay pending. */
  async waitForEnd(timeoutMs = 3_000): Promise<Ending> {
    await this.#until(() => false, timeoutMs, 'the end of the connection')
    return this.ended ?? 'end'
  }

  pause(): void {
    this.#socket.pause()
  }

  #take(length: number): Buffer {
    const taken = this.#buffer.subarray(0, length)
    this.#buffer = this.#buffer.subarray(length)
    return taken
  }

  #end(how: Ending): void {
    if (this.ended === undefined || how === 'reset') this.ended = how
    this.#wake?.()
  }

  async #until(satisfied: () => boolean, timeoutMs: number, what: string): Promise<boolean> {
    const deadline = performance.now() + timeoutMs
    while (!satisfied()) {
      if (this.ended !== undefined) return false
      const left = deadline - performance.now()
      if (left <= 0) throw new Error(`${this.#label}: waited ${timeoutMs} ms for ${what}; ${this.#got()}`)
      await this.#nextEvent(left)
    }
    return true
  }

  #nextEvent(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      this.#wake = done
    })
  }

  #got(): string {
    return `got ${JSON.stringify(this.#buffer.subarray(0, 200).toString('latin1'))}`
  }
}
