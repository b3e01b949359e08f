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
  /** The first occurrence's values as JSON text, cut and masked already; absent where there is none. */
  readonly primary?: string
  readonly shadow?: string
}

/** Why an exchange was not compared. Counted; never a verdict about the answers. */
export type SkipReason =
  | 'too-large'
  | 'queue-full'
  | 'gave-way'
  | 'too-deep'
  | 'alias'
  | 'busy'
  | 'shadow-timeout'
  | 'shadow-unreachable'
  | 'shadow-reset'
  | 'primary-failed'
  | 'streaming'
  | 'encoding'
  | 'behind'
  | 'no-dry-run'
  | 'thread-lost'
  | 'compare-failed'
  | 'rule'

/** The skipped exchanges that were left out by lot: the ones that were compared stand for them, so they do not count against coverage. */
export const GAVE_WAY = 'gave-way' satisfies SkipReason

export type Verdict = 'match' | 'accepted' | 'mismatch' | 'lag' | 'skipped'

/** What comparing two answers says before noise, lag and accepted differences are looked at. */
export type AnswerComparison =
  | { readonly kind: 'same' }
  | {
      readonly kind: 'different'
      /** Root causes (low weight) first. */
      readonly differences: readonly Difference[]
      /** How many further places differ that the bound has cut off. */
      readonly more: number
    }
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

/**
 * What of two answers may differ. A `path` is a glob: `$.items[].price`, `$.by-id.*.name`, `**.updatedAt`; `[]` is any entry of a
 * list, `*` any one key, `**` any number of steps. Everything is optional: without rules, answers are compared exactly.
 */
export interface CompareRules {
  readonly ignore?: readonly string[] | undefined
  /** Lists whose order means nothing; `keyedBy` names the field by which their entries belong together. */
  readonly lists?: readonly { readonly path: string; readonly keyedBy?: string | undefined }[] | undefined
  /** Numbers that may differ by so much. */
  readonly numbers?: readonly { readonly path: string; readonly within: number }[] | undefined
  readonly dates?: readonly { readonly path: string; readonly withinMs: number }[] | undefined
  /** Values that only have to look alike: `uuid`, `timestamp`, or a regular expression that both match as a whole. */
  readonly placeholders?: readonly { readonly path: string; readonly pattern: string }[] | undefined
  /** Addresses that are taken out of texts before they are compared: those of the sides. */
  readonly baseUrls?: readonly string[] | undefined
  /** A member that is null is like one that is not there. */
  readonly nullIsAbsent?: boolean | undefined
  /** The headers that are compared, instead of the default ones. */
  readonly headers?: readonly string[] | undefined
  /**
   * Ids that each side makes by itself; `of` names what they identify. `learn`: here a pair belongs together for certain. Besides in
   * bodies of answers they may stand in `header:location`, and in requests to the other side at `param:id` (of the endpoint's template),
   * `query:id` and `request:$.items[].id` (of a JSON body): there the other side's is put in their place.
   */
  readonly aliases?:
    | readonly {
        readonly path: string
        readonly of: string
        readonly learn?: boolean | undefined
      }[]
    | undefined
  /** Where no difference is ever noise: what moves there between two answers is data, and a mismatch where it stays. */
  readonly neverNoise?: readonly string[] | undefined
  /**
   * Secrets and personal data: shown nowhere, though compared. Path globs, `query:name` and `header:name`. Usual names (password,
   * token …) are masked anyway.
   */
  readonly mask?: readonly string[] | undefined
}

/** A difference that somebody answers for. It does not count as a mismatch until it expires. */
export interface AcceptedDifference {
  readonly id: string
  readonly endpoint: string
  /** A path glob; `header:…` and `status` as they stand. */
  readonly path: string
  readonly kind: DifferenceKind | 'any'
  readonly owner: string
  readonly because: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly expiresAt: string
}
