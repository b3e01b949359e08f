import type { LoggedExchange } from '../core/exchange-record.ts'
import type { Log } from './log.ts'

// The levels' numbers as pino writes them.
const INFO = 30
const WARN = 40

/**
 * The access log: one line per request, with everything that answers "why did this user get that answer". The query is left out: it may
 * hold secrets. The line is like pino's, made in one step, because every request pays for it (docs/decisions/0003-proxy-cost.md).
 */
export function logExchange(log: Log, record: LoggedExchange): void {
  const failed = record.code !== undefined && record.code !== 'CLIENT_GONE'
  if (!log.logger.isLevelEnabled(failed ? 'warn' : 'info')) return
  log.write(formatExchange(record, { level: failed ? WARN : INFO, atMs: Date.now(), pid: process.pid }))
}

/** One line of JSON with its line feed. Fields that are undefined are left out. */
export function formatExchange(
  record: LoggedExchange,
  { level, atMs, pid }: { level: number; atMs: number; pid: number },
): string {
  const { cause } = record
  const line = {
    level,
    time: formatTime(atMs),
    pid,
    method: record.method,
    path: record.path,
    status: record.status,
    target: record.target,
    side: record.side,
    reason: record.reason,
    endpoint: record.endpoint,
    capability: record.capability,
    tableVersion: record.tableVersion,
    bucket: record.bucket,
    unitSource: record.unitSource,
    engine: record.engine,
    attempts: record.attempts,
    code: record.code,
    durationMs: toMicroseconds(record.durationMs),
    proxyMs: toMicroseconds(record.proxyMs),
    upstreamMs: toMicroseconds(record.upstreamMs),
    heldMs: toMicroseconds(record.heldMs),
    correlationId: record.correlationId,
    traceId: record.traceId,
    cause: level === WARN && cause instanceof Error ? cause.message : undefined,
    msg: 'request',
  }
  return `${JSON.stringify(line)}\n`
}

/** What is finer is noise, and costs bytes. */
function toMicroseconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1_000) / 1_000
}

let second = Number.NaN
let secondText = ''

/** ISO 8601 in UTC. All lines of a second share all but the milliseconds. */
function formatTime(atMs: number): string {
  const now = Math.floor(atMs / 1_000)
  if (now !== second) {
    second = now
    secondText = new Date(now * 1_000).toISOString().slice(0, -4)
  }
  return `${secondText}${String(atMs - now * 1_000).padStart(3, '0')}Z`
}
