import type { Config } from '../config/schema.ts'
import type { CapturedExchange } from '../core/captured-exchange.ts'
import type { CapturedRequest } from '../core/compare-words.ts'
import type { ComparisonBatch } from '../core/comparison-store.ts'
import type { ClockEstimate } from '../core/data-position.ts'
import type { RouteState } from '../core/words.ts'
import type { Asked } from './ask-side.ts'
import type { Skipped } from './create-shadow.ts'
import type { TracedOutcome } from './shadow-spans.ts'

/** What the thread is started with. Functions of the configuration are texts here: they cannot pass, and only their change matters. */
export interface ThreadData {
  readonly config: Config
  readonly secret: Uint8Array
}

/** How far a copy is, as the serving thread knew it at `at` (epoch milliseconds of this machine). */
export interface PositionWord {
  readonly capability: string
  readonly appliedThrough: number | undefined
  readonly sourceNow: ClockEstimate | undefined
  readonly at: number
}

/** To the thread. */
export type ToThread =
  | {
      readonly kind: 'captured'
      readonly exchanges: readonly CapturedExchange[]
      readonly skipped: readonly Skipped[]
    }
  | { readonly kind: 'state'; readonly state: RouteState }
  | { readonly kind: 'positions'; readonly words: readonly PositionWord[] }
  | { readonly kind: 'ask'; readonly id: number; readonly side: string; readonly request: CapturedRequest }
  | { readonly kind: 'settle'; readonly id: number }
  | { readonly kind: 'stop' }

/** Exchanges of an endpoint that are over: how many, what was held for them, and what came of them. */
export interface Judged {
  readonly endpoint: string
  readonly verdict: string
  readonly count: number
  readonly bytes: number
}

/** From the thread. */
export type FromThread =
  | {
      readonly kind: 'judged'
      readonly judged: readonly Judged[]
      readonly traced: readonly TracedOutcome[]
    }
  | { readonly kind: 'found'; readonly batch: ComparisonBatch }
  | { readonly kind: 'answer'; readonly id: number; readonly asked: Asked | undefined }
  | { readonly kind: 'failed'; readonly operation: string; readonly message: string }
  | { readonly kind: 'stopped' }
