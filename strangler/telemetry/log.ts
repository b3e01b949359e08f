import pino, { type DestinationStream, type Logger } from 'pino'
import type { ExchangeRecord } from '../core/exchange-record.ts'
import type { ReportError } from '../core/ports.ts'

export type { Logger } from 'pino'

/** A written buffer this large, or this old, leaves. */
const BUFFER_BYTES = 4_096
const FLUSH_MS = 200

/** The kit's log and how to empty its buffer before the process ends. */
export interface Log {
  readonly logger: Logger
  readonly report: ReportError
  flush(): void
}

/** One structured line per event on standard output (or in `file`; or to `destination`, for tests). `STRANGLER_LOG_LEVEL` sets the level. */
export function createLog(
  options: { destination?: DestinationStream; file?: string; level?: string } = {},
): Log {
  const level = options.level ?? process.env['STRANGLER_LOG_LEVEL'] ?? 'info'
  const buffered =
    options.destination === undefined
      ? pino.destination({ dest: options.file ?? 1, mkdir: true, minLength: BUFFER_BYTES, sync: false })
      : undefined
  const logger = pino(
    { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    options.destination ?? buffered!,
  )
  const timer = buffered === undefined ? undefined : setInterval(() => buffered.flush(), FLUSH_MS)
  timer?.unref()
  return {
    logger,
    report: (operation, error) => logger.error({ operation, err: error }, `failed to ${operation}`),
    flush: () => {
      try {
        buffered?.flushSync()
      } catch {
        // The buffer is not open yet, or its reader has gone: nobody is left to tell.
      }
    },
  }
}

/**
 * The access log: one line per request, with everything that answers "why did this user get that answer". The query is left out: it may
 * hold secrets.
 */
export function logExchange(logger: Logger, record: ExchangeRecord): void {
  const { cause, ...rest } = record
  const failed = record.code !== undefined && record.code !== 'CLIENT_GONE'
  const line = failed
    ? { ...round(rest), cause: cause instanceof Error ? cause.message : undefined }
    : round(rest)
  if (failed) logger.warn(line, 'request')
  else logger.info(line, 'request')
}

function round(record: Omit<ExchangeRecord, 'cause'>): Record<string, unknown> {
  return {
    ...record,
    durationMs: toMicroseconds(record.durationMs),
    proxyMs: toMicroseconds(record.proxyMs),
    upstreamMs: toMicroseconds(record.upstreamMs),
    heldMs: toMicroseconds(record.heldMs),
  }
}

function toMicroseconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1_000) / 1_000
}
