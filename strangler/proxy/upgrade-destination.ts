import type { Deadlines } from '../config/schema.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Upstream } from './forward.ts'

/** How an upgrade ended. `performance.now()` milliseconds; told once, when the client's connection is closed. */
export type UpgradeOutcome = { readonly sentAt: number; readonly headersAt: number | undefined } & (
  | { readonly kind: 'upgraded'; readonly endedBy: 'client' | 'side' | 'drain' }
  /** The side answered with an ordinary response, which was passed on: 401, 426 … */
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly cause: unknown }
  | { readonly kind: 'client-gone' }
)

/** Where an upgrade goes. */
export interface UpgradeDestination<R> {
  readonly upstream: Upstream
  readonly path: string
  /** Raw header list without hop-by-hop headers; `Connection` and `Upgrade` are added here. */
  readonly headers: readonly string[]
  readonly deadlines: Deadlines
  /** What `drainRoute` asks about. */
  readonly route: R
  readonly correlationId?: string | undefined
  /** Adapts the raw headers of the side's answer in place, 101 or not. */
  readonly adaptHeaders?: ((headers: string[], status: number) => void) | undefined
  /** Options of http-proxy-middleware, for the endpoints that have them. */
  readonly httpProxyMiddleware?: Record<string, unknown> | undefined
  /** The side has switched: the connection is open. */
  readonly opened?: (() => void) | undefined
  readonly finish: (outcome: UpgradeOutcome) => void
}

/** How long each step of a closing may take. */
export interface ClosingTimes {
  /** Until the frame in transit ends, so that 1012 can be sent. */
  readonly boundaryMs: number
  /** Until the peer has answered a close frame or a FIN with its own. */
  readonly answerMs: number
  /** Until everything that is still buffered for a slow reader has left. */
  readonly flushMs: number
}
