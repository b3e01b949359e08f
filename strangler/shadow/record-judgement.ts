import { splitAccepted } from '../compare/accept-differences.ts'
import { AGAIN } from '../compare/latency-buckets.ts'
import { maskAnswer, maskRequest } from '../compare/mask-exchange.ts'
import { differenceKey } from '../compare/plan-calibration.ts'
import type { CapturedExchange } from '../core/captured-exchange.ts'
import type { CapturedAnswer, Comparison, Difference, Verdict } from '../core/compare-words.ts'
import type { KeptBasis } from '../core/comparison-store.ts'
import type { Side } from '../core/words.ts'
import type { Took } from './evidence-book.ts'
import { type Judgement, otherSide } from './judgement.ts'
import type { ShadowGround } from './shadow-ground.ts'

/** Counts what became of an exchange, and keeps it as a sample now and then. Returns its verdict. */
export function recordJudgement(
  ground: ShadowGround,
  exchange: CapturedExchange,
  judgement: Judgement,
): Verdict {
  const at = new Date()
  const shadowSide = otherSide(exchange.primary)
  const answers: Partial<Record<Side, CapturedAnswer>> = { [exchange.primary]: exchange.answer }
  if (judgement.shadow !== undefined) answers[shadowSide] = judgement.shadow
  const basis = ground.basisOf(exchange.capability, answers)
  // What was lag is nothing that anybody would have to answer for.
  const standing = judgement.verdict === 'different' ? ground.accepted() : []
  const where = { endpoint: exchange.endpoint, now: at }
  const { accepted, left } = splitAccepted(standing, where, judgement.differences)
  const comparison = toComparison(exchange, judgement, { id: ground.nextId(), at, differences: left })
  ground.book.note(
    {
      ...{ comparison, basis, accepted, shape: shapeOf(exchange) },
      ...(judgement.noise === undefined ? {} : { noise: judgement.noise }),
      took: tookOf(exchange, judgement, shadowSide),
    },
    at,
  )
  if (comparison.verdict === 'mismatch' && judgement.shadow !== undefined)
    keepSample(ground, { exchange, comparison, basis, shadow: judgement.shadow }, at)
  return comparison.verdict
}

function toComparison(
  exchange: CapturedExchange,
  judgement: Judgement,
  { id, at, differences }: { id: string; at: Date; differences: readonly Difference[] },
): Omit<Comparison, 'basis'> {
  const { skipped, lagMs, shadow } = judgement
  return {
    id,
    at: at.toISOString(),
    capability: exchange.capability,
    endpoint: exchange.endpoint,
    correlationId: exchange.correlationId,
    primary: exchange.primary,
    verdict: verdictOf(judgement, differences),
    ...(skipped === undefined ? {} : { skipped }),
    differences,
    primaryMs: exchange.answer.tookMs,
    shadowMs: shadow?.tookMs,
    ...(lagMs === undefined ? {} : { lagMs }),
  }
}

// What a bound has cut off nobody has seen, and so nobody can have accepted it.
function verdictOf({ verdict, more = 0 }: Judgement, left: readonly Difference[]): Verdict {
  if (verdict === 'same') return 'match'
  if (verdict === 'different') return left.length === 0 && more === 0 ? 'accepted' : 'mismatch'
  return verdict
}

/** Both sides of the same exchange, or none: times of different requests say nothing of each other. */
function tookOf(exchange: CapturedExchange, { shadow, againMs }: Judgement, shadowSide: Side): Took {
  if (shadow === undefined) return {}
  const took = { [exchange.primary]: exchange.answer.tookMs, [shadowSide]: shadow.tookMs }
  // Only where the service is the one that is asked like this does it stand for the same.
  return againMs === undefined || exchange.primary !== 'monolith' ? took : { ...took, [AGAIN]: againMs }
}

const MOST_NAMES = 20

/** The names of the query's parameters and the status, e.g. `?page&warehouse → 200`: no values. */
function shapeOf({ requests, answer }: CapturedExchange): string {
  const [, query = ''] = requests.monolith.target.split(/\?(.*)/s)
  const names = new Set(
    query
      .split('&')
      .map((part) => part.split('=')[0] ?? '')
      .filter((name) => name !== '')
      .map((name) => (/^[\w.[\]-]{1,40}$/.test(name) ? name : '…')),
  )
  const shown = [...names].sort().slice(0, MOST_NAMES).join('&')
  return `${shown === '' ? '' : `?${shown} `}→ ${answer.status}`
}

interface SampleParts {
  readonly exchange: CapturedExchange
  readonly comparison: Omit<Comparison, 'basis'>
  readonly basis: KeptBasis
  readonly shadow: CapturedAnswer
}

function keepSample(
  ground: ShadowGround,
  { exchange, comparison, basis, shadow }: SampleParts,
  at: Date,
): void {
  const places = comparison.differences.map(
    (difference) => `${basis.id} ${exchange.endpoint} ${differenceKey(difference)}`,
  )
  if (!ground.choice.wants(places, at.getTime())) return
  const rules = ground.rulesFor(exchange.capability, exchange.endpoint)
  ground.book.keepSample({
    ...comparison,
    basis: basis.id,
    request: maskRequest(exchange.requests[exchange.primary], rules),
    answers: { primary: maskAnswer(exchange.answer, rules), shadow: maskAnswer(shadow, rules) },
  })
}
