import { countSlower, latencyBucket, latencyPercentile } from '../../strangler/compare/latency-buckets.ts'
import type { Position } from '../../strangler/core/guide-words.ts'
import { shareOf } from '../../strangler/core/wilson-interval.ts'
import { type AutopilotMove, decideMove } from '../../strangler/guide/autopilot.ts'
import type { ComparisonEvidence, SideOutcomes } from '../../strangler/guide/snapshot.ts'
import type { Random } from '../sync/simulation/random.ts'
import { healthy } from './stand.ts'

export type Build = 'good' | 'slow' | 'failing' | 'wrong'

export interface CanaryRun {
  readonly random: Random
  /** Of the reads. */
  readonly requestsPerSecond: (second: number) => number
  readonly buildAt: (second: number) => Build
  readonly from: Position
  readonly seconds: number
}

export interface CanaryEnd {
  /** Where it stood after each second. */
  readonly positions: readonly Position[]
  readonly retreat?: { readonly second: number; readonly move: Extract<AutopilotMove, { kind: 'back' }> }
}

/** A canary under simulated traffic and a simulated clock, flown by the autopilot that looks once a second. */
export function flyCanary({ random, requestsPerSecond, buildAt, from, seconds }: CanaryRun): CanaryEnd {
  const positions: Position[] = []
  let at = from
  let entered = 0
  let build = buildAt(0)
  let step = createCounts()
  let compared = createComparison()
  for (let second = 1; second <= seconds; second += 1) {
    if (buildAt(second) !== build) compared = createComparison()
    build = buildAt(second)
    for (let number = 0; number < requestsPerSecond(second); number += 1)
      serve({ random, build, percent: at.percent ?? 0, step, compared })
    const move = decideMove(snapshotOf({ at, sinceMs: (second - entered) * 1_000, step, compared }), {
      until: 'cutover',
    })
    if (move.kind === 'back') return { positions, retreat: { second, move } }
    if (move.kind === 'next') {
      at = move.position
      entered = second
      step = createCounts()
    }
    positions.push(at)
  }
  return { positions }
}

const createCounts = () => ({
  monolith: { requests: 0, failures: 0 },
  service: { requests: 0, failures: 0 },
  last300: [] as boolean[],
  inRow: 0,
})
const createComparison = () => ({
  compared: 0,
  wrong: 0,
  monolith: new Map<number, number>(),
  service: new Map<number, number>(),
})

interface Served {
  readonly random: Random
  readonly build: Build
  readonly percent: number
  readonly step: ReturnType<typeof createCounts>
  readonly compared: ReturnType<typeof createComparison>
}

/** Without a difference, that 0.1 % is the most there can be. */
const ENOUGH = 3_838
const FAILURES = { good: 0.0005, slow: 0.0005, wrong: 0.0005, failing: 0.02 } as const
const MONOLITH_FAILS = 0.0005

/** One read, answered by one side and shadowed by the other. */
function serve({ random, build, percent, step, compared }: Served): void {
  const isService = random.next() * 100 < percent
  const hasFailed = random.next() < (isService ? FAILURES[build] : MONOLITH_FAILS)
  const counts: { requests: number; failures: number } = isService ? step.service : step.monolith
  counts.requests += 1
  if (hasFailed) counts.failures += 1
  if (isService) {
    step.inRow = hasFailed ? step.inRow + 1 : 0
    step.last300.push(hasFailed)
    if (step.last300.length > 300) step.last300.shift()
  }
  compared.compared += 1
  if (build === 'wrong') compared.wrong += 1
  // Long tails on both sides, as times have them.
  const tail = () => 1 / (1 - 0.98 * random.next())
  count(compared.monolith, 8 * tail())
  count(compared.service, (build === 'slow' ? 40 : 6) * tail())
}

function count(buckets: Map<number, number>, ms: number): void {
  const bucket = latencyBucket(ms)
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1)
}

interface Moment {
  readonly at: Position
  readonly sinceMs: number
  readonly step: ReturnType<typeof createCounts>
  readonly compared: ReturnType<typeof createComparison>
}

function snapshotOf({ at, sinceMs, step, compared }: Moment) {
  const good = healthy(at)
  const sides: { monolith: SideOutcomes; service: SideOutcomes } = {
    monolith: { ...step.monolith },
    service: { ...step.service },
  }
  return {
    ...good,
    comparison: { ...good.comparison!, ...describe(compared, good.profile.latencyFactor) },
    soak: { soakedMs: sinceMs, missing: [] },
    canary: {
      ...{ sinceMs, ...sides, failuresInRow: step.inRow },
      failuresOfLast300: step.last300.filter(Boolean).length,
    },
  }
}

function describe(
  { compared, wrong, monolith, service }: ReturnType<typeof createComparison>,
  factor: number,
): Partial<ComparisonEvidence> {
  const highest = latencyPercentile(monolith, shareOf(0.95 * compared, compared, '99 %').high)
  const limitMs = Math.max(1, factor * (highest ?? 0))
  return {
    ...{ eligible: compared, compared, netMismatches: wrong, openDifferences: wrong > 0 ? 1 : 0 },
    netUpperBound: shareOf(wrong, compared).high,
    // Too few to tell, or too many that differ.
    stillNeeded: wrong === 0 && compared < ENOUGH ? ENOUGH - compared : undefined,
    monolithP95Ms: latencyPercentile(monolith, 0.95),
    serviceP95Ms: latencyPercentile(service, 0.95),
    slowAnswers: { ...countSlower(service, limitMs), limitMs },
  }
}
