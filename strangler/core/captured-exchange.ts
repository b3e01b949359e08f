import type { CapturedAnswer, CapturedRequest } from './compare-words.ts'
import type { Effect, Side } from './words.ts'

/** A request and the primary's answer to it, copied while they passed. Whoever gets it owns the copy. */
export interface CapturedExchange {
  readonly capability: string
  readonly endpoint: string
  readonly effect: Effect
  /** The side that answered the client. */
  readonly primary: Side
  /** The other side is to be asked; if not, the copy was made only to learn from it what answers look like. */
  readonly isShadowed: boolean
  readonly correlationId: string
  /** When the primary's answer was whole, epoch milliseconds. */
  readonly answeredAt: number
  /** The request as each side gets it: a path may be rewritten, a host replaced. */
  readonly requests: Readonly<Record<Side, CapturedRequest>>
  readonly answer: CapturedAnswer
  /** What it counts against the bound of all copies. */
  readonly bytes: number
  /** The number of its span in the process that serves, where it has one. */
  readonly span?: number
}
