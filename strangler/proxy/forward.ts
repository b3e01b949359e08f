import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Deadlines, SideConfig } from '../config/schema.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { ExchangeCapture } from './capture.ts'

/** One side as the engines need it. */
export interface Upstream {
  /** The name of the side: `monolith`, `inventory`. */
  readonly name: string
  /** Scheme, host and port, without a slash at the end. */
  readonly origin: string
  readonly url: URL
  readonly host: SideConfig['host']
}

/** One attempt to let a side answer. Everything is decided; an engine only carries bytes. */
export interface ForwardRequest {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly upstream: Upstream
  /** The request target as it goes out, rewritten if the endpoint says so, else byte for byte as received. */
  readonly path: string
  /** Raw header list (name, value, name, value …) as it goes out: no hop-by-hop header, forwarding and trace headers added. */
  readonly headers: string[]
  readonly deadlines: Deadlines
  /** What is left of `totalMs` when this attempt begins; 0 means no deadline. */
  readonly remainingMs: number
  /** Whether the attempt must not use a pooled connection: the one before it was reset. */
  readonly fresh: boolean
  /** Adapts the answer's raw headers in place (Location, cookies, kit headers) before they leave. */
  readonly adaptHeaders: (headers: string[], status: number) => void
  /** Gets what the side answers, while it passes. */
  readonly capture: ExchangeCapture | undefined
  /** Options of http-proxy-middleware, for the endpoints that have them. */
  readonly httpProxyMiddleware: Record<string, unknown> | undefined
}

/** Moments of an attempt, `performance.now()` milliseconds. */
export interface ForwardTiming {
  /** When the request began to leave. */
  readonly sentAt: number
  /** When the answer's headers had arrived; undefined when none came. */
  readonly headersAt: number | undefined
}

/**
 * How an attempt ended. One channel: an engine never throws, and never answers the client by itself when it failed before the
 * answer began.
 */
export type ForwardOutcome =
  | ({ readonly kind: 'answered'; readonly status: number } & ForwardTiming)
  | ({
      readonly kind: 'failed'
      readonly code: ErrorCode
      /** The answer had begun: the client's transfer was broken off, because a clean end would be a lie. */
      readonly answerBegun: boolean
      /** Nothing of the request can have reached the side: the connection was never made. */
      readonly nothingSent: boolean
      readonly cause: unknown
    } & ForwardTiming)
  | ({
      readonly kind: 'client-gone'
      /** How long the client had waited for the answer's headers since the whole request had left; undefined when it did not come to that. */
      readonly waitedMs?: number
    } & ForwardTiming)

/** The one function type of the forwarding engines. */
export type Forward = (request: ForwardRequest) => Promise<ForwardOutcome>

/** An engine: a way to forward, and the connections it keeps. */
export interface ForwardEngine {
  readonly name: 'undici' | 'node-http' | 'http-proxy-middleware'
  readonly forward: Forward
  /** Closes what it keeps; requests in flight are broken off. */
  stop(): Promise<void>
}
