import pino, { type DestinationStream, type Logger } from 'pino'
import type { ReportError } from '../core/ports.ts'

export type { Logger } from 'pino'

/** A written buffer this large, or this old, leaves. */
const BUFFER_BYTES = 32_768
const LONGEST_WRITE_BYTES = 65_536
const FLUSH_MS = 200

/** The kit's log and how to empty its buffer before the process ends. */
export interface Log {
  readonly logger: Logger
  readonly report: ReportError
  /** Writes a finished line, its line feed included, as it is. */
  write(line: string): void
  flush(): void
}

/** One structured line per event on standard output (or in `file`; or to `destination`, for tests). `STRANGLER_LOG_LEVEL` sets the level. */
export function createLog(
  options: { destination?: DestinationStream; file?: string; level?: string } = {},
): Log {
  const level = options.level ?? process.env['STRANGLER_LOG_LEVEL'] ?? 'info'
  const buffered =
    options.destination === undefined
      ? pino.destination({
          dest: options.file ?? 1,
          mkdir: true,
          minLength: BUFFER_BYTES,
          maxWrite: LONGEST_WRITE_BYTES,
          sync: false,
        })
      : undefined
  const destination: DestinationStream = options.destination ?? buffered!
  const logger = pino(
    { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  )
  const timer = buffered === undefined ? undefined : setInterval(() => buffered.flush(), FLUSH_MS)
  timer?.unref()
  return {
    logger,
    report: (operation, error) => logger.error({ operation, err: error }, `failed to ${operation}`),
    write: (line) => destination.write(line),
    flush: () => {
      try {
        buffered?.flushSync()
      } catch {
        // The buffer is not open yet, or its reader has gone: nobody is left to tell.
      }
    },
  }
}
