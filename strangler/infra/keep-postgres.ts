import { setTimeout as delay } from 'node:timers/promises'
import type { ReportError, Stoppable } from '../core/ports.ts'
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './embedded-postgres.ts'

const RESTART_MS = 500
const LONGEST_RESTART_MS = 30_000

/** An embedded PostgreSQL that is started again, on the same port, when it dies. */
export interface KeptPostgres extends Stoppable {
  readonly url: string
}

/** @throws StranglerError STRANGLER_POSTGRES_START_FAILED when the first start fails; later failures are reported and retried */
export async function keepPostgres(
  options: EmbeddedPostgresOptions,
  report: ReportError,
): Promise<KeptPostgres> {
  let server: EmbeddedPostgres = await startEmbeddedPostgres(options)
  const { url, port } = server
  const stopping = new AbortController()

  async function watch(): Promise<void> {
    let pauseMs = RESTART_MS
    while (!stopping.signal.aborted) {
      const exit = await server.exited
      if (stopping.signal.aborted) return
      report(
        'keep the control database running',
        new Error(`PostgreSQL has ended (${JSON.stringify(exit)}); starting it again`),
      )
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      try {
        server = await startEmbeddedPostgres({ ...options, port })
        pauseMs = RESTART_MS
      } catch (error) {
        report('start the control database again', error)
        pauseMs = Math.min(pauseMs * 2, LONGEST_RESTART_MS)
      }
    }
  }
  const watching = watch()

  return {
    url,
    async stop() {
      stopping.abort()
      await server.stop()
      await watching
      // It may just have been started again.
      await server.stop()
    },
  }
}
