import type { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { StranglerError } from '../core/errors.ts'
import { optionsFailed } from './hpm-middleware.ts'

type Listener = (...args: unknown[]) => unknown

/**
 * Catches what http-proxy-middleware's `responseInterceptor` lets fall: it awaits the endpoint's function in a listener of the
 * answer's end, where a rejection would end the process; and when the answer cannot be decompressed, it sends the client a 200.
 * The answer may be decompressed first, so what it is piped into is guarded too.
 */
export function guardInterceptor(answer: IncomingMessage, onFailure: (error: unknown) => void): void {
  guardAsyncListeners(answer, onFailure)
  const pipe = answer.pipe.bind(answer)
  answer.pipe = (destination, options) => {
    if (isDecompressor(destination)) {
      destination.once('error', (cause) => onFailure(invalidBody(cause)))
      guardAsyncListeners(destination, onFailure)
    }
    return pipe(destination, options)
  }
}

function isDecompressor(destination: NodeJS.WritableStream): boolean {
  return 'bytesWritten' in destination && '_transform' in destination
}

function invalidBody(cause: unknown): StranglerError {
  return new StranglerError(
    'STRANGLER_UPSTREAM_INVALID',
    "The side's answer cannot be decompressed as its Content-Encoding says.",
    { cause },
  )
}

/** Only asynchronous listeners are wrapped: the streams' own are not, and they must stay removable. */
function guardAsyncListeners(emitter: EventEmitter, onFailure: (error: unknown) => void): void {
  const on = emitter.on.bind(emitter)
  emitter.on = (event: string | symbol, listener: Listener) => {
    if (listener.constructor.name !== 'AsyncFunction') return on(event, listener)
    return on(event, (...args: unknown[]) => {
      ;(listener(...args) as Promise<unknown>).catch((error) => onFailure(optionsFailed(error)))
    })
  }
}
