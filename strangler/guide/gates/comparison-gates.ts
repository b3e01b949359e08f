import { countOf } from '../../core/count-of.ts'
import { shareOf } from '../../core/wilson-interval.ts'
import { defineGate } from '../gate.ts'
import { showCount, showDuration, showShare, showSome } from '../show.ts'
import type { GuideSnapshot } from '../snapshot.ts'
import { ofService } from './of-service.ts'

const report = ({ capability }: GuideSnapshot) => `\`strangler compare report ${capability}\``

export const coverage = ofService(
  defineGate('coverage', 'almost everything was compared', (snapshot, { pass, fail, unknown }) => {
    const { comparison, profile } = snapshot
    const { compared = 0, eligible = 0, gaveWay = 0 } = comparison ?? {}
    const evidence = { compared, eligible, gaveWay, wanted: profile.coverage }
    if (eligible === 0)
      return unknown({ reason: 'Nothing was there to compare yet.', evidence, fix: 'Wait for requests.' })
    const reason = `${showCount(compared)} of ${countOf(eligible, 'exchange')} ${compared === 1 ? 'was' : 'were'} compared (${showShare(compared / eligible)}; ${showShare(profile.coverage)} is the least).${describeLeftOut(gaveWay)}`
    if (compared / eligible >= profile.coverage) return pass({ reason, evidence })
    return fail({ reason, evidence, fix: `${report(snapshot)} tells what was skipped and why.` })
  }),
)

function describeLeftOut(gaveWay: number): string {
  if (gaveWay === 0) return ''
  return ` ${countOf(gaveWay, 'more exchange')} gave way to clients, drawn by lot.`
}

export const netMismatch = ofService(
  defineGate('net-mismatch', 'the answers are the same', (snapshot, { pass, fail, unknown }) => {
    const { comparison, profile } = snapshot
    if (comparison === undefined || comparison.compared === 0) {
      return unknown({
        reason: 'No answers were compared yet.',
        evidence: { compared: 0, limit: profile.netMismatch },
        fix: 'Wait for requests.',
      })
    }
    const { compared, netMismatches, unknownMismatches = 0, netUpperBound, stillNeeded } = comparison
    const evidence = {
      compared,
      netMismatches,
      unknownMismatches,
      netUpperBound,
      limit: profile.netMismatch,
      stillNeeded: stillNeeded ?? null,
    }
    const reason = `${showCount(netMismatches)} of ${countOf(compared, 'exchange')} ${netMismatches === 1 ? 'differs' : 'differ'} beyond noise${describeUnknown(unknownMismatches)}; with 95 % certainty at most ${showShare(netUpperBound)} do (${showShare(profile.netMismatch)} is the limit).`
    if (netUpperBound <= profile.netMismatch) return pass({ reason, evidence })
    if (stillNeeded !== undefined) {
      return unknown({
        reason: `${reason} ${showCount(stillNeeded)} more without a difference would say enough.`,
        evidence,
        fix: 'Wait for requests.',
      })
    }
    return fail({ reason, evidence, fix: `${report(snapshot)} ranks the differences.` })
  }),
)

/** They stand in the bound, so that whoever reads the two numbers can tell how they fit. */
function describeUnknown(count: number): string {
  if (count === 0) return ''
  return `, and of ${showCount(count)} more it is not known yet (counted as different)`
}

export const enoughComparisons = ofService(
  defineGate(
    'enough-comparisons',
    'every endpoint was compared often enough',
    ({ comparison, endpoints, profile }, { pass, unknown }) => {
      const wanted = profile.comparisonsPerEndpoint
      const perEndpoint = comparison?.perEndpoint ?? []
      const rare = new Set(endpoints.filter((one) => one.rare).map((one) => one.endpoint))
      const short = perEndpoint.filter(({ compared }) => compared < wanted)
      const few = short.filter(({ endpoint }) => !rare.has(endpoint))
      const seldom = short.filter(({ endpoint }) => rare.has(endpoint))
      const evidence = {
        ...{ endpoints: perEndpoint.length, tooFew: few.length, rareTooFew: seldom.length, wanted },
      }
      if (perEndpoint.length > 0 && few.length === 0) {
        const often = perEndpoint.length - seldom.length
        const known = `${countOf(often, 'endpoint')} ${often === 1 ? 'was' : 'were'} compared at least ${wanted} times.`
        return pass({ reason: known + describeSeldom(seldom), evidence })
      }
      const missing = few.map(({ endpoint, compared }) => `${endpoint} ${wanted - compared}`)
      return unknown({
        reason:
          few.length === 0
            ? 'No endpoint was compared yet.'
            : `Comparisons are still needed: ${showSome(missing)}.`,
        evidence,
        fix: `Wait for requests${adviseRare(few, { endpoints, wanted })}.`,
      })
    },
  ),
)

type Compared = NonNullable<GuideSnapshot['comparison']>['perEndpoint'][number]

function describeSeldom(seldom: readonly Compared[]): string {
  if (seldom.length === 0) return ''
  const counts = seldom.map(({ endpoint, compared }) => `${endpoint} ${compared}`)
  return ` Less often, and marked as rare: ${showSome(counts)}.`
}

/** Only what nobody asks for is seldom; whatever is used gets there by itself. */
function adviseRare(
  few: readonly Compared[],
  { endpoints, wanted }: Pick<GuideSnapshot, 'endpoints'> & { readonly wanted: number },
): string {
  const seldom = few.find(({ endpoint }) => {
    const seen = endpoints.find((one) => one.endpoint === endpoint)
    return (seen?.requests ?? 0) < wanted
  })
  return seldom === undefined
    ? ''
    : `, or mark what is used seldom: \`strangler guide rare "${seldom.endpoint}" --because "…"\``
}

export const noOpenDifference = defineGate(
  'no-open-difference',
  'no real difference is open',
  (snapshot, { pass, fail }) => {
    const { openDifferences = 0, expiredAcceptances = 0 } = snapshot.comparison ?? {}
    const evidence = { openDifferences, expiredAcceptances }
    if (openDifferences + expiredAcceptances === 0)
      return pass({ reason: 'Every real difference is mended or accepted by somebody.', evidence })
    return fail({
      reason: `Real differences that are open: ${openDifferences}. Acceptances that have expired: ${expiredAcceptances}.`,
      evidence,
      fix: `${report(snapshot)} shows them; mend the service, or \`strangler compare accept\`.`,
    })
  },
)

/** A p95 is one answer in twenty: of fewer answers it is chance, and of a process that has just begun the first ones are slow. */
const ANSWERS_FOR_P95 = 200
const BEYOND_P95 = 0.05
/** One request in twenty is repeated. */
const AGAIN_FOR_P95 = 60

export const latency = defineGate(
  'latency',
  'the service is not slower',
  (snapshot, { pass, fail, unknown }) => {
    const { monolithP95Ms, monolithAgain, serviceP95Ms, slowAnswers } = snapshot.comparison ?? {}
    const factor = snapshot.profile.latencyFactor
    const times = {
      monolithP95Ms: monolithP95Ms ?? null,
      monolithAgainP95Ms: monolithAgain?.p95Ms ?? null,
      serviceP95Ms: serviceP95Ms ?? null,
      factor,
    }
    if (monolithP95Ms === undefined || serviceP95Ms === undefined)
      return unknown({
        reason: 'The times of both sides are not known yet.',
        evidence: times,
        fix: 'Wait for requests.',
      })
    // Below a millisecond a ratio is the clock's.
    const isWithin = (ms: number) => serviceP95Ms <= Math.max(1, factor * ms)
    // Whoever is asked beside the clients may wait for a processor first; a few such answers of the monolith's say little of a p95.
    const again =
      monolithAgain !== undefined && monolithAgain.answers >= AGAIN_FOR_P95 ? monolithAgain : undefined
    const asked =
      again === undefined || isWithin(monolithP95Ms)
        ? ''
        : `, and ${showDuration(again.p95Ms)} when it is asked as the service is`
    const reason = `For the same requests the service's p95 is ${showDuration(serviceP95Ms)}, the monolith's ${showDuration(monolithP95Ms)}${asked}; ${factor} times is the limit.`
    if (isWithin(Math.max(monolithP95Ms, again?.p95Ms ?? 0))) return pass({ reason, evidence: times })
    const { count = 0, of = 0, limitMs = 0 } = slowAnswers ?? {}
    const { low } = shareOf(count, of, '99 %')
    const evidence = { ...times, slowAnswers: count, answers: of, slowShareLow: low }
    if (of < ANSWERS_FOR_P95 || low <= BEYOND_P95)
      return unknown({
        reason: `${reason} ${showCount(count)} of ${countOf(of, 'answer')} took longer than ${showDuration(limitMs)}: not enough to be certain.`,
        evidence,
        fix: 'Wait for requests.',
      })
    return fail({
      reason: `${reason} With 99 % certainty at least ${showShare(low)} of its answers take longer than ${showDuration(limitMs)}.`,
      evidence,
      fix: 'Make the service faster, or give it more.',
    })
  },
)
