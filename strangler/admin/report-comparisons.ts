import { findAcceptance } from '../compare/accept-differences.ts'
import { canGateRelyOn, hiddenByNoise, judgeNoise, type NoiseVerdict } from '../compare/judge-noise.ts'
import { latencyPercentile } from '../compare/latency-buckets.ts'
import { rateMismatches } from '../compare/net-mismatch.ts'
import { differenceKey } from '../compare/plan-calibration.ts'
import { type AcceptedDifference, type DifferenceKind, GAVE_WAY } from '../core/compare-words.ts'
import type { KeptEvidence } from '../core/comparison-store.ts'
import { shareOf } from '../core/wilson-interval.ts'
import type { ReportAnswer } from './compare-contracts.ts'

type ReportedCapability = ReportAnswer['capabilities'][number]
type ReportedEndpoint = ReportedCapability['endpoints'][number]
type ReportedDifference = ReportedCapability['differences'][number]

/** What somebody answers for, at this moment. */
export interface Standing {
  readonly accepted: readonly AcceptedDifference[]
  readonly now: Date
}

/** Turns the counts of a capability into rates, verdicts and an order: what is worst comes first. */
export function reportCapability(evidence: KeptEvidence, standing: Standing): ReportedCapability {
  const { basis } = evidence
  const endpoints = [...new Set(evidence.tallies.map(({ endpoint }) => endpoint))].sort()
  const parts = endpoints.map((endpoint) =>
    reportEndpoint(ofEndpoint(evidence, endpoint), { endpoint, standing }),
  )
  return {
    capability: basis.capability,
    basis: {
      monolithBuild: basis.monolithBuild,
      serviceBuild: basis.serviceBuild,
      fingerprint: basis.fingerprint,
      firstSeenAt: basis.firstSeenAt,
    },
    differences: parts.flatMap(({ differences }) => differences).sort(byRank),
    endpoints: parts.map(({ report }) => report),
  }
}

type EndpointEvidence = Omit<KeptEvidence, 'basis'>

function ofEndpoint(evidence: KeptEvidence, endpoint: string): EndpointEvidence {
  const own = <T extends { endpoint: string }>(rows: readonly T[]) =>
    rows.filter((row) => row.endpoint === endpoint)
  const { tallies, differences, sets, shapes } = evidence
  return { tallies: own(tallies), differences: own(differences), sets: own(sets), shapes: own(shapes) }
}

function reportEndpoint(
  evidence: EndpointEvidence,
  { endpoint, standing }: { endpoint: string; standing: Standing },
): { report: ReportedEndpoint; differences: ReportedDifference[] } {
  const counts = new Map(evidence.tallies.map(({ tally, count }) => [tally, count]))
  const count = (tally: string) => counts.get(tally) ?? 0
  const [match, accepted, mismatch, lag] = ['match', 'accepted', 'mismatch', 'lag'].map(count) as [
    number,
    number,
    number,
    number,
  ]
  const compared = match + accepted + mismatch + lag
  const { [GAVE_WAY]: gaveWay = 0, ...skipped } = prefixed(counts, 'skipped:')
  const eligible = compared + Object.values(skipped).reduce((sum, one) => sum + one, 0)
  const isAccepted = (place: { kind: DifferenceKind; path: string }) =>
    findAcceptance(standing.accepted, { endpoint, now: standing.now }, place) !== undefined
  const differences = evidence.differences.map((row) => reportDifference(row, { compared, isAccepted }))
  const report: ReportedEndpoint = {
    ...{ endpoint, eligible, gaveWay, match, accepted, mismatch, lag, skipped },
    coverage: toShare(compared, eligible),
    rates: reportRates(evidence, { compared, accepted, differences }),
    ...reportLatency(counts),
    overflow: count('overflow'),
    shapes: reportShapes(evidence.shapes),
  }
  return { report, differences }
}

function prefixed(counts: ReadonlyMap<string, number>, prefix: string): Record<string, number> {
  const found = [...counts].filter(([tally]) => tally.startsWith(prefix))
  return Object.fromEntries(found.map(([tally, count]) => [tally.slice(prefix.length), count]))
}

function reportDifference(
  row: EndpointEvidence['differences'][number],
  { compared, isAccepted }: { compared: number; isAccepted: (place: typeof row) => boolean },
): ReportedDifference {
  const { endpoint, path, kind, differing, calibrated, noisy, weight } = row
  const noise = { differing: calibrated, noisy }
  const verdict = judgeNoise(noise)
  return {
    ...{ endpoint, path, kind, calibrated, noisy },
    verdict,
    ...(verdict === 'noise' ? { foundFrom: foundFrom(row, compared) } : {}),
    isAccepted: isAccepted(row),
    differing: toShare(differing + row.accepted, compared),
    weight: differing === 0 ? 0 : weight / differing,
    isSettled: canGateRelyOn(noise),
  }
}

/** Only a part of what differs is asked of the monolith once more, so a bug shows so many times as often as it is counted. */
function foundFrom(
  { differing, calibrated, noisy }: EndpointEvidence['differences'][number],
  compared: number,
): ReportedDifference['differing'] {
  const hidden = hiddenByNoise({ differing: calibrated, noisy })
  const perCalibrated = calibrated === 0 ? 1 : Math.max(1, differing / calibrated)
  return toShare(Math.min(compared, Math.round(hidden * perCalibrated)), compared)
}

/** An acceptance that was made later speaks for what was counted before, too. */
function reportRates(
  { sets }: EndpointEvidence,
  {
    compared,
    accepted,
    differences,
  }: { compared: number; accepted: number; differences: readonly ReportedDifference[] },
): ReportedEndpoint['rates'] {
  const known = new Map(differences.map((one) => [`${one.kind} ${one.path}`, one]))
  const rates = rateMismatches({
    compared,
    differing: [
      ...sets.map(({ places, count }) => ({ keys: places, count })),
      { keys: [ACCEPTED], count: accepted },
    ],
    verdictOf: (key): NoiseVerdict => (key === ACCEPTED ? 'real' : (known.get(key)?.verdict ?? 'unknown')),
    isAccepted: (key) => key === ACCEPTED || known.get(key)?.isAccepted === true,
  })
  const shown = (one: { count: number; of: number }) => toShare(one.count, one.of)
  return {
    raw: shown(rates.raw),
    noise: shown(rates.noise),
    accepted: shown(rates.accepted),
    unknown: shown(rates.unknown),
    net: shown(rates.net),
  }
}

/** Exchanges whose differences were accepted when they were counted. */
const ACCEPTED = differenceKey({ kind: 'value', path: '(accepted)' })

function reportLatency(counts: ReadonlyMap<string, number>): Pick<ReportedEndpoint, 'latency'> {
  const ofSide = (side: string) => {
    const buckets = Object.entries(prefixed(counts, `ms:${side}:`)).map(
      ([bucket, count]): [number, number] => [Number(bucket), count],
    )
    const at = (share: number) => round(latencyPercentile(new Map(buckets), share) ?? 0)
    return buckets.length === 0 ? undefined : { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) }
  }
  const [monolith, service] = [ofSide('monolith'), ofSide('service')]
  return monolith === undefined || service === undefined ? {} : { latency: { monolith, service } }
}

export const COVERED_BY = 3
const SHAPES_SHOWN = 20

function reportShapes(shapes: EndpointEvidence['shapes']): ReportedEndpoint['shapes'] {
  const covered = shapes.filter(({ compared }) => compared >= COVERED_BY).length
  const never = shapes.filter(({ compared }) => compared === 0).map(({ shape }) => shape)
  return {
    seen: shapes.length,
    covered: toShare(covered, shapes.length),
    never: never.sort().slice(0, SHAPES_SHOWN),
  }
}

function toShare(count: number, of: number): ReportedDifference['differing'] {
  const { share, low, high } = shareOf(count, of)
  return { count, of, share: Number.isNaN(share) ? null : share, low, high }
}

const RANK = { real: 0, unknown: 1, noise: 2 } as const

function byRank(one: ReportedDifference, other: ReportedDifference): number {
  return (
    Number(one.isAccepted) - Number(other.isAccepted) ||
    RANK[one.verdict] - RANK[other.verdict] ||
    (other.differing.share ?? 0) - (one.differing.share ?? 0) ||
    one.weight - other.weight
  )
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
