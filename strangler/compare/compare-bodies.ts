import type { CapturedAnswer, SkipReason } from '../core/compare-words.ts'
import { ABSENT } from './body-values.ts'
import type { HowToCompare } from './compare-answers.ts'
import { type DecodedBody, decodeBody } from './decode-body.ts'
import type { MetAliases } from './judge-alias.ts'
import { type LiftedBody, liftBody, liftBytes } from './lift-body.ts'
import { parseMediaType } from './media-type.ts'
import type { PathNode } from './path-node.ts'
import { headerValue } from './raw-headers.ts'
import { type PlacedDifference, summarizeWalk } from './summarize-walk.ts'
import { Walk } from './walk.ts'

export type BodyComparison =
  /** `met`: the ids at which they differ; nothing where they are the same to the byte. */
  | { readonly kind: 'same'; readonly met?: MetAliases }
  | { readonly kind: 'different'; readonly differences: readonly PlacedDifference[] }
  | { readonly kind: 'skipped'; readonly reason: SkipReason }

type HowToCompareBodies = HowToCompare & { readonly maxBytes: number }
type Pair<T> = readonly [T, T]

/** Compares the bodies of two answers of one status. */
export function compareBodies(
  primary: CapturedAnswer,
  shadow: CapturedAnswer,
  how: HowToCompareBodies,
): BodyComparison {
  const answers = [primary, shadow] as const
  const decoded = both(answers, ({ body, headers }) =>
    decodeBody(body, headerValue(headers, 'content-encoding'), how.maxBytes),
  )
  const skipped = decoded.find((body) => body.kind === 'skipped')
  if (skipped !== undefined) return skipped
  if (areSameBytes(decoded)) return { kind: 'same' }
  const lifted = [lift(primary, decoded[0]), lift(shadow, decoded[1])] as const
  return compareLifted(lifted, { answers, how })
}

/** A body that nobody needs to understand: if it is the same, it is the same in every reading. */
function areSameBytes([one, other]: Pair<DecodedBody>): boolean {
  return one.kind === 'bytes' && other.kind === 'bytes' && Buffer.compare(one.bytes, other.bytes) === 0
}

function lift({ headers }: CapturedAnswer, decoded: DecodedBody): LiftedBody {
  if (decoded.kind !== 'bytes') return decoded
  if (decoded.bytes.length === 0) return { kind: 'value', value: ABSENT }
  return liftBody(decoded.bytes, parseMediaType(headerValue(headers, 'content-type')))
}

interface Given {
  readonly answers: Pair<CapturedAnswer>
  readonly how: HowToCompareBodies
}

function compareLifted([one, other]: Pair<LiftedBody>, { answers, how }: Given): BodyComparison {
  if (one.kind === 'skipped') return one
  if (other.kind === 'skipped') return other
  const root = how.rules.tree.root()
  const walk = new Walk({
    baseUrls: how.rules.baseUrls,
    nullIsAbsent: how.rules.nullIsAbsent,
    aliases: how.aliases,
    // Far more than one walk visits: a value is a byte at least, and is visited a few times in lists that have moved.
    visitBound: 4 * (answers[0].body.length + answers[1].body.length) + 10_000,
  })
  if (one.kind === 'value' && other.kind === 'value') comparePresent(walk, root, [one.value, other.value])
  // What neither side can be read as is compared as bytes; what only one can is a difference by itself.
  else if (one.kind === other.kind) {
    const bytes = both(answers, ({ body }) => liftBytes(body).value)
    walk.compare(root, ...bytes)
  } else walk.record(root, 'undecodable', describe(one), describe(other))
  if (walk.mark() > 0) return { kind: 'different', differences: summarizeWalk(walk) }
  return { kind: 'same', met: walk }
}

function comparePresent(walk: Walk, root: PathNode, [one, other]: Pair<unknown>): void {
  if (one === ABSENT) walk.record(root, 'extra', one, other)
  else if (other === ABSENT) walk.record(root, 'missing', one, other)
  else walk.compare(root, one, other)
}

function describe(lifted: LiftedBody): string {
  return lifted.kind === 'undecodable' ? lifted.because : 'it can be read'
}

function both<T, R>([one, other]: Pair<T>, make: (value: T) => R): Pair<R> {
  return [make(one), make(other)]
}
