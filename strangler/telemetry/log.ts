import pino, { type DestinationStream, type Logger } from 'pino'
import type { ReportError, Stoppable } from '../core/ports.ts'
import { createLineWriter } from './line-writer.ts'
import { serializeError } from './serialize-error.ts'

export type { Logger } from 'pino'

/** The access log's lines leave together when they are this long, or this old. */
const BATCH_CHARACTERS = 32_768
const FLUSH_MS = 200
/** How long the end of the process waits for its last lines. */
const LAST_WORDS_MS = 1_000

/** The kit's log. `stop` writes what is left, but does not wait for a disk that is full. */
export interface Log extends Stoppable {
  readonly logger: Logger
  readonly report: ReportError
  /** Writes a finished line, its line feed included, as it is; up to `FLUSH_MS` later, but in its place among the others. */
  write(line: string): void
}

/** One structured line per event on standard output (or in `file`; or to `destination`, for tests). `STRANGLER_LOG_LEVEL` sets the level. */
export function createLog(
  options: { destination?: DestinationStream; file?: string; level?: string } = {},
): Log {
  const level = options.level ?? process.env['STRANGLER_LOG_LEVEL'] ?? 'info'
  const writer = options.destination === undefined ? createLineWriter(options.file) : undefined
  const batch = createBatch(options.destination ?? writer!)
  // What is not the access log is rare, and may be the last thing that this process says.
  const destination: DestinationStream = { write: (line) => batch.add(line).handOver() }
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => serializeError(error) },
    },
    destination,
  )
  if (writer !== undefined) setInterval(() => batch.handOver(), FLUSH_MS).unref()
  return {
    logger,
    report: (operation, error) => logger.error({ operation, err: error }, `failed to ${operation}`),
    write: (line) => {
      if (batch.add(line).length >= BATCH_CHARACTERS || writer === undefined) batch.handOver()
    },
    async stop() {
      batch.handOver()
      await writer?.end(LAST_WORDS_MS)
    },
  }
}

/** Lines on their way to a stream. */
interface Batch {
  readonly length: number
  add(line: string): Batch
  handOver(): void
}

/** Collects lines: one write for many costs less than many. */
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
