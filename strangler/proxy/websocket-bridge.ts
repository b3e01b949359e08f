import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { CLOSE_GOING_AWAY, CLOSE_SERVICE_RESTART, encodeClose, FrameTracker } from './websocket-frames.ts'

type Phase = 'handshake' | 'open' | 'drained'

/**
 * Stands for the client's socket towards http-proxy-middleware, passes the bytes of both directions with back-pressure, and knows
 * where a frame ends. What the client sends is read from it; what is written to it goes to the client.
 *
 * handshake ─ the 101's head has been written → open ─ drain, at a frame's end → drained: the client has its close frame, and
 * nothing of the side's follows it.
 */
export class WebSocketBridge extends Duplex {
  readonly #socket: Socket
  readonly #toClient = new FrameTracker()
  readonly #toSide = new FrameTracker()
  #phase: Phase = 'handshake'
  #switching = false
  #draining = false
  #detached = false
  #sideEnded = false

  /** @param head what the client has sent after its handshake: the first bytes to the side */
  constructor(socket: Socket, head: Buffer) {
    super({ allowHalfOpen: true, autoDestroy: false })
    // The handshake is written as text, and header values are latin1.
    this.setDefaultEncoding('latin1')
    this.#socket = socket
    if (head.length > 0) this.#takeFromClient(head)
    socket.on('data', (chunk: Buffer) => this.#takeFromClient(chunk))
    socket.on('end', () => this.#endSide())
    socket.on('close', () => this.destroy())
  }

  get isOpen(): boolean {
    return this.#phase !== 'handshake'
  }

  /** Whether the client has its 1012. */
  get isDrained(): boolean {
    return this.#phase === 'drained'
  }

  /** The next thing written is the head of the 101; frames follow. */
  expectSwitch(): void {
    this.#switching = true
  }

  /** Sends the client 1012 at the next frame boundary. `drained` is emitted when it is sent, `answered` at the client's own close. */
  closeAtBoundary(): void {
    this.#draining = true
    if (this.#phase === 'open' && this.#toClient.atBoundary) this.#sendClose()
  }

  /** Tells the side that its client goes away, if a frame can be put in, and that nothing will follow. */
  closeSide(): void {
    if (this.#sideEnded) return
    if (this.#toSide.atBoundary && !this.#toSide.closed)
      this.push(encodeClose(CLOSE_GOING_AWAY, randomBytes(4)))
    this.#endSide()
  }

  /** From now on nothing that is done to the bridge reaches the client's socket. */
  detach(): void {
    this.#detached = true
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#detached || this.#phase === 'drained') done()
    else if (this.#phase === 'handshake') this.#writeHandshake(chunk, done)
    else this.#writeFrames(chunk, done)
  }

  #writeFrames(chunk: Buffer, done: () => void): void {
    const end = this.#toClient.advance(chunk, this.#draining)
    this.#pass(end === chunk.length ? chunk : chunk.subarray(0, end), done)
    if (this.#draining && this.#toClient.atBoundary) this.#sendClose()
  }

  override _final(done: () => void): void {
    if (!this.#detached) this.#socket.end()
    done()
  }

  override _destroy(_error: Error | null, done: () => void): void {
    if (!this.#detached) this.#socket.destroy()
    // The error is told where it came from; this end has no listener that could stand it.
    done()
  }

  #writeHandshake(chunk: Buffer, done: () => void): void {
    this.#pass(chunk, done)
    if (!this.#switching) return
    this.#phase = 'open'
    if (this.#draining) this.#sendClose()
  }

  #pass(chunk: Buffer, done: () => void): void {
    if (this.#socket.write(chunk)) done()
    else this.#socket.once('drain', done)
  }

  #sendClose(): void {
    this.#phase = 'drained'
    // After a close frame of the side's own nothing may follow; the closing is under way without us.
    if (!this.#toClient.closed) this.#socket.write(encodeClose(CLOSE_SERVICE_RESTART))
    this.emit('drained')
    if (this.#toSide.closed) this.emit('answered')
  }

  #takeFromClient(chunk: Buffer): void {
    if (this.#sideEnded || this.#detached) return
    const wasClosed = this.#toSide.closed
    this.#toSide.advance(chunk)
    if (!this.push(chunk)) this.#socket.pause()
    if (this.#phase === 'drained' && this.#toSide.closed && !wasClosed) this.emit('answered')
  }

  #endSide(): void {
    if (this.#sideEnded) return
    this.#sideEnded = true
    this.push(null)
    this.emit('clientEnd')
  }

  // What httpxy sets on a client's socket.
  setTimeout(ms: number): this {
    this.#socket.setTimeout(ms)
    return this
  }

  setNoDelay(noDelay?: boolean): this {
    this.#socket.setNoDelay(noDelay)
    return this
  }

  setKeepAlive(enable?: boolean, initialDelayMs?: number): this {
    this.#socket.setKeepAlive(enable, initialDelayMs)
    return this
  }
}
