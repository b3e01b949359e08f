import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { classifyError } from '../classify-error.ts'

const AGAIN_AFTER_MS = 500

/**
 * A connection that an administrator or a restart ends must not end the process: pg tells of it by an event that throws when nobody listens. Nothing is
 * lost by that: whoever waits for an answer gets the error, and BullMQ opens another connection.
 */
export class HeededClient extends pg.Client {
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event === 'error' && this.listenerCount('error') === 0) return false
    return super.emit(event as never, ...(values as never[]))
  }
}

interface Connection {
  waitUntilReady(): Promise<void>
}

interface JobSource {
  readonly connection: Connection
  moveToActive(...of: never[]): Promise<unknown>
  waitForJob(...of: never[]): Promise<unknown>
}

/** Of BullMQ 6.7, beside what it declares. */
interface Insides {
  pgModule: { Client: typeof pg.Client }
  readyPromise: Promise<void> | undefined
  readonly closing: Promise<void> | undefined
}

/**
 * BullMQ's own backend, but for three things of version 6.7: it listens for errors only when it has connected, and not at all while it looks at its schema;
 * what failed then it remembers for ever, so that the queue would stay useless until the process is started again; and a worker whose question fails
 * asks again at once, so that where the failure comes without a wait (a pool that has ended) nothing else in the process gets its turn.
 */
export function heedEnds<Backend extends JobSource, Options extends unknown[]>(
  open: (...options: Options) => Backend,
): (...options: Options) => Backend {
  return (...options) => {
    const backend = open(...options)
    const { connection } = backend
    const insides = connection as unknown as Insides
    insides.pgModule = { Client: HeededClient }
    const becomeReady = connection.waitUntilReady.bind(connection)
    connection.waitUntilReady = async () => {
      for (;;) {
        try {
          return await becomeReady()
        } catch (error) {
          if (insides.closing !== undefined || classifyError(error) !== 'unreachable') throw error
          insides.readyPromise = undefined
          await delay(AGAIN_AFTER_MS)
        }
      }
    }
    backend.moveToActive = failSlowly(backend.moveToActive.bind(backend))
    backend.waitForJob = failSlowly(backend.waitForJob.bind(backend))
    return backend
  }
}

function failSlowly<Ask extends (...of: never[]) => Promise<unknown>>(ask: Ask): Ask {
  const slowly = async (...of: Parameters<Ask>) => {
    try {
      return await ask(...of)
    } catch (error) {
      await delay(AGAIN_AFTER_MS)
      throw error
    }
  }
  return slowly as Ask
}
