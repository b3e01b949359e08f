import pino, { type DestinationStream, type Logger } from 'pino'
import type { ReportError } from '../core/ports.ts'

export type { Logger } from 'pino'

/** The access log's lines leave together when they are this long, or this old. */
const BATCH_CHARACTERS = 32_768
const FLUSH_MS = 200

/** The kit's log and how to empty its buffer before the process ends. */
export interface Log {
  readonly logger: Logger
  readonly report: ReportError
  /** Writes a finished line, its line feed included, as it is; up to `FLUSH_MS` later, but in its place among the others. */
  write(line: string): void
  flush(): void
}

/** One structured line per event on standard output (or in `file`; or to `destination`, for tests). `STRANGLER_LOG_LEVEL` sets the level. */
export function createLog(
  options: { destination?: DestinationStream; file?: string; level?: string } = {},
): Log {
  const level = options.level ?? process.env['STRANGLER_LOG_LEVEL'] ?? 'info'
  const file =
    options.destination === undefined
      ? pino.destination({ dest: options.file ?? 1, mkdir: true, sync: false })
      : undefined
  const batch = createBatch(options.destination ?? file!)
  // What is not the access log is rare, and may be the last thing that this process says.
  const destination: DestinationStream = { write: (line) => batch.add(line).handOver() }
  const logger = pino(
    { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  )
  if (file !== undefined) setInterval(() => batch.handOver(), FLUSH_MS).unref()
  return {
    logger,
    report: (operation, error) => logger.error({ operation, err: error }, `failed to ${operation}`),
    write: (line) => {
      if (batch.add(line).length >= BATCH_CHARACTERS || file === undefined) batch.handOver()
    },
    flush: () => {
      batch.handOver()
      try {
        file?.flushSync()
      } catch {
        // The file is not open yet, or its reader has gone: nobody is left to tell.
      }
    },
  }
}

/** Lines on their way to a stream. */
interface Batch {
  readonly length: number
  add(line: string): Batch
  handOver(): void
}

/** Collects lines: pino's file stream counts all that it holds anew with every line, which costs more than making the line. */
function createBatch(destination: DestinationStream): Batch {
  let lines: string[] = []
  let length = 0
  return {
    get length() {
      return length
    },
    add(line) {
      lines.push(line)
      length += line.length
      return this
    },
    handOver() {
      if (length === 0) return
      const text = lines.join('')
      lines = []
      length = 0
      destination.write(text)
    },
  }
}
