import type { Side } from './words.ts'

/** The words of the comparison. An exchange is one request with the primary's answer; its shadow is the other side's. */

/** One request as it is sent again. `headers` is a raw list (name, value, name, value …) without hop-by-hop headers. */
export interface CapturedRequest {
  readonly method: string
  /** Request target with its query, as it was sent to the side that answered. */
  readonly target: string
  readonly headers: readonly string[]
  readonly body: Uint8Array | undefined
}

/** One side's whole answer. `body` is as it came over the wire, content-encoding included. */
export interface CapturedAnswer {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Uint8Array
  /** From the request's departure until the last byte, milliseconds. */
  readonly tookMs: number
}

/** How one place of two answers differs. `order`: the same items elsewhere. `length`: a list's own length. */
export type DifferenceKind =
  | 'missing'
  | 'extra'
  | 'type'
  | 'value'
  | 'order'
  | 'length'
  | 'status'
  | 'header'
  | 'content-type'
  | 'undecodable'

/** One place where the shadow's answer differs from the primary's. */
export interface Difference {
  readonly kind: DifferenceKind
  /** List indexes collapsed: `$.items[].price`, `header:location`, `status`. One wrong field of a long list is one difference. */
  readonly path: string
  /** How often it occurs in this exchange. */
  readonly count: number
  /** Siblings that differ in the same exchange, itself included: low is a root cause, high is collateral. */
  readonly weight: number
  /** The first occurrence's values as JSON text, cut; absent where there is none. Masked before it is stored. */
  readonly primary?: string
  readonly shadow?: string
}

/** Why an exchange was not compared. Counted; never a verdict about the answers. */
export type SkipReason =
  | 'too-large'
  | 'queue-full'
  | 'precision'
  | 'too-deep'
  | 'alias'
  | 'busy'
  | 'shadow-timeout'
  | 'shadow-unreachable'
  | 'shadow-reset'
  | 'primary-failed'
  | 'streaming'
  | 'encoding'
  | 'rule'

export type Verdict = 'match' | 'accepted' | 'mismatch' | 'lag' | 'skipped'

/** What comparing two answers says before noise, lag and accepted differences are looked at. */
export type AnswerComparison =
  | { readonly kind: 'same' }
  | { readonly kind: 'different'; readonly differences: readonly Difference[] }
  | { readonly kind: 'skipped'; readonly reason: SkipReason }

/** On what evidence was measured: a deploy, or another configuration of the capability, begins new counters. */
export interface EvidenceBasis {
  readonly monolithBuild: string
  readonly serviceBuild: string
  /** Hash of the capability's sides, endpoints, mappings and schema. */
  readonly fingerprint: string
}

/** One compared exchange, as it is counted and, now and then, kept as a sample. */
export interface Comparison {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly capability: string
  readonly endpoint: string
  readonly correlationId: string
  /** Which side answered the client; the other one was the shadow. */
  readonly primary: Side
  readonly basis: EvidenceBasis
  readonly verdict: Verdict
  readonly skipped?: SkipReason
  readonly differences: readonly Difference[]
  readonly primaryMs: number
  readonly shadowMs: number | undefined
  /** With the verdict `lag`: how long the sync took until the sides agreed. */
  readonly lagMs?: number
}
