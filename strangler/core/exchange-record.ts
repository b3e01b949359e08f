import type { ErrorCode } from './errors.ts'
import type { Effect, Reason, Side, UnitSource } from './words.ts'

/** Why a client has no answer without anybody's error: it went at once, or after the side had kept it waiting for two seconds or more. */
export type ClientCode = 'CLIENT_GONE' | 'CLIENT_GAVE_UP'

/** What is known of an exchange when it is over: one line of the access log, one sample of the metrics. Times are milliseconds. */
export interface ExchangeRecord {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly target: Side
  /** The name of the side that answered, or was to. */
  readonly side: string
  readonly reason: Reason
  readonly endpoint: string | undefined
  readonly capability: string | undefined
  readonly effect: Effect
  /** The client's address, as the trusted proxies tell it. */
  readonly client: string
  readonly tableVersion: number
  readonly bucket: number | undefined
  readonly unitSource: UnitSource | undefined
  readonly engine: 'undici' | 'node-http' | 'http-proxy-middleware' | 'next' | undefined
  readonly attempts: number
  readonly code: ErrorCode | ClientCode | undefined
  readonly cause: unknown
  readonly durationMs: number
  /** The proxy's own share: until the request left, and from the side's headers to the client's. */
  readonly proxyMs: number | undefined
  readonly upstreamMs: number | undefined
  readonly heldMs: number
  readonly correlationId: string
  readonly traceId: string
}

/** Whoever reads logs learns of no client's address. */
export type LoggedExchange = Omit<ExchangeRecord, 'effect' | 'client'>
