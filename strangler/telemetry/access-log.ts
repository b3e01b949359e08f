import type { ExchangeRecord } from '../core/exchange-record.ts'
import type { Log } from './log.ts'

// The levels' numbers as pino writes them.
const INFO = 30
const WARN = 40

/**
 * The access log: one line per request, with everything that answers "why did this user get that answer". The query is left out: it may
 * hold secrets. The line is pino's, but written by hand: it is the same for every request, and pino's way of finding that out took a
 * fifth of the proxy’s time (docs/decisions/0005-proxy-cost.md).
 */
export function logExchange(log: Log, record: ExchangeRecord): void {
  const failed = record.code !== undefined && record.code !== 'CLIENT_GONE'
  if (!log.logger.isLevelEnabled(failed ? 'warn' : 'info')) return
  log.write(formatExchange(record, { level: failed ? WARN : INFO, atMs: Date.now(), pid: process.pid }))
}

/** One line of JSON with its line feed. Fields that are undefined are left out. */
export function formatExchange(
  record: ExchangeRecord,
  { level, atMs, pid }: { level: number; atMs: number; pid: number },
): string {
  const { cause } = record
  return (
    `{"level":${level},"time":"${formatTime(atMs)}","pid":${pid}` +
    text(',"method":', record.method) +
    text(',"path":', record.path) +
    `,"status":${record.status},"target":"${record.target}"` +
    text(',"side":', record.side) +
    `,"reason":"${record.reason}"` +
    text(',"endpoint":', record.endpoint) +
    text(',"capability":', record.capability) +
    `,"tableVersion":${record.tableVersion}` +
    (record.bucket === undefined ? '' : `,"bucket":${record.bucket}`) +
    text(',"unitSource":', record.unitSource) +
    text(',"engine":', record.engine) +
    `,"attempts":${record.attempts}` +
    text(',"code":', record.code) +
    milliseconds(',"durationMs":', record.durationMs) +
    milliseconds(',"proxyMs":', record.proxyMs) +
    milliseconds(',"upstreamMs":', record.upstreamMs) +
    milliseconds(',"heldMs":', record.heldMs) +
    text(',"correlationId":', record.correlationId) +
    text(',"traceId":', record.traceId) +
    (level === WARN && cause instanceof Error ? text(',"cause":', cause.message) : '') +
    ',"msg":"request"}\n'
  )
}

// What JSON must escape, and everything beyond ASCII, of which a part must be.
const NOT_PLAIN = /[^ !#-[\]-~]/

function text(key: string, value: string | undefined): string {
  if (value === undefined) return ''
  return NOT_PLAIN.test(value) ? key + JSON.stringify(value) : `${key}"${value}"`
}

/** To the microsecond: what is finer is noise, and costs bytes. */
function milliseconds(key: string, ms: number | undefined): string {
  return ms === undefined ? '' : key + Math.round(ms * 1_000) / 1_000
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
