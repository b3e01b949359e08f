import { findAcceptance } from '../../compare/accept-differences.ts'
import { AGAIN, countSlower, latencyPercentile } from '../../compare/latency-buckets.ts'
import type { EvidenceBasis } from '../../core/compare-words.ts'
import type { KeptEvidence } from '../../core/comparison-store.ts'
import { shareOf } from '../../core/wilson-interval.ts'
import type { ComparisonEvidence } from '../../guide/snapshot.ts'
import type { Route } from '../../routing/compile-table.ts'
import { COVERED_BY, reportCapability, type Standing } from '../report-comparisons.ts'

/** Far beyond what anybody would wait for. */
const MOST_NEEDED = 10_000_000

export interface ComparisonQuestion {
  readonly evidence: KeptEvidence
  readonly standing: Standing
  readonly routes: readonly Route[]
  /** The highest share of mismatches that is let pass. */
  readonly limit: number
  /** How many times the monolith's p95 the service's may be. */
  readonly latencyFactor: number
}

/** The comparisons of one capability as its gates look at them. A difference of which nobody knows yet what it is counts against it. */
export function toComparisonEvidence({
  evidence,
  standing,
  routes,
  limit,
  latencyFactor,
}: ComparisonQuestion): ComparisonEvidence {
  const { endpoints, differences } = reportCapability(evidence, standing)
  const sum = (pick: (one: (typeof endpoints)[number]) => number) =>
    endpoints.reduce((total, one) => total + pick(one), 0)
  const compared = sum(({ coverage }) => coverage.count)
  const netMismatches = sum(({ rates }) => rates.net.count)
  const unknownMismatches = sum(({ rates }) => rates.unknown.count)
  const suspicious = netMismatches + unknownMismatches
  const counted = new Map(endpoints.map((one) => [one.endpoint, one.coverage.count]))
  const open = differences.filter(({ verdict, isAccepted }) => verdict === 'real' && !isAccepted)
  return {
    eligible: sum(({ eligible }) => eligible),
    gaveWay: sum(({ gaveWay }) => gaveWay),
    compared,
    netMismatches,
    unknownMismatches,
    netUpperBound: shareOf(suspicious, compared).high,
    stillNeeded: countNeeded({ netMismatches, suspicious, compared, limit }),
    openDifferences: open.length,
    expiredAcceptances: countExpired(standing, open),
    perEndpoint: routes.filter(isCompared).map(({ endpoint }) => ({
      endpoint: endpoint.id,
      compared: counted.get(endpoint.id) ?? 0,
    })),
    shapes: {
      seen: sum(({ shapes }) => shapes.seen),
      covered: sum(({ shapes }) => shapes.covered.count),
      atLeast: COVERED_BY,
      never: endpoints.flatMap(({ endpoint, shapes }) => shapes.never.map((shape) => `${endpoint} ${shape}`)),
    },
    ...compareTimes(evidence, latencyFactor),
  }
}

export function basisOf({ basis }: KeptEvidence): EvidenceBasis {
  const { monolithBuild, serviceBuild, fingerprint } = basis
  return { monolithBuild, serviceBuild, fingerprint }
}

/** Writes are compared only where they can be run dry. */
function isCompared({ endpoint, shadowWrites, effectByMethod }: Route): boolean {
  return endpoint.effect === 'read' || effectByMethod || shadowWrites === 'dry-run'
}

/** So many more without a difference; undefined when it is enough, or when the share itself is too high. */
function countNeeded({
  netMismatches,
  suspicious,
  compared,
  limit,
}: {
  netMismatches: number
  suspicious: number
  compared: number
  limit: number
}): number | undefined {
  const isEnough = (more: number) => shareOf(suspicious, compared + more).high <= limit
  if (isEnough(0) || netMismatches > compared * limit || !isEnough(MOST_NEEDED)) return undefined
  let [low, high] = [0, MOST_NEEDED]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (isEnough(middle)) high = middle
    else low = middle
  }
  return high
}

/** Those that somebody still needs: their difference is there again. */
function countExpired(
  { accepted, now }: Standing,
  open: readonly { endpoint: string; kind: string; path: string }[],
): number {
  const expired = accepted.filter(({ expiresAt }) => Date.parse(expiresAt) <= now.getTime())
  // As it was before it expired.
  const covers = (one: (typeof expired)[number], place: (typeof open)[number]) =>
    findAcceptance([one], { endpoint: place.endpoint, now: new Date(0) }, place as never) !== undefined
  return expired.filter((one) => open.some((place) => covers(one, place))).length
}

/** Below a millisecond a ratio is the clock's. */
const LEAST_MS = 1

function compareTimes(
  evidence: KeptEvidence,
  factor: number,
): Pick<ComparisonEvidence, 'monolithP95Ms' | 'monolithAgain' | 'serviceP95Ms' | 'slowAnswers'> {
  const [monolith, service] = [bucketsOf(evidence, 'monolith'), bucketsOf(evidence, 'service')]
  const again = bucketsOf(evidence, AGAIN)
  const againP95Ms = latencyPercentile(again, 0.95)
  const times = {
    monolithP95Ms: latencyPercentile(monolith, 0.95),
    serviceP95Ms: latencyPercentile(service, 0.95),
    ...(againP95Ms === undefined ? {} : { monolithAgain: { p95Ms: againP95Ms, answers: sizeOf(again) } }),
  }
  // The highest that the monolith's p95 may be: of a few requests the slowest one.
  const highest = [monolith, again].flatMap((counts) => {
    const of = sizeOf(counts)
    return latencyPercentile(counts, shareOf(0.95 * of, of, '99 %').high) ?? []
  })
  if (highest.length === 0) return times
  const limitMs = Math.max(LEAST_MS, factor * Math.max(...highest))
  return { ...times, slowAnswers: { ...countSlower(service, limitMs), limitMs } }
}

function sizeOf(counts: ReadonlyMap<number, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}

function bucketsOf({ tallies }: KeptEvidence, side: string): Map<number, number> {
  const prefix = `ms:${side}:`
  const buckets = new Map<number, number>()
  for (const { tally, count } of tallies) {
    if (!tally.startsWith(prefix)) continue
    const bucket = Number(tally.slice(prefix.length))
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + count)
  }
  return buckets
}
