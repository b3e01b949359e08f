import { countOf } from '../../core/count-of.ts'
import { differenceOf } from '../../core/newcombe-interval.ts'
import { defineGate } from '../gate.ts'
import { showCount, showDuration, showExcess, showShare } from '../show.ts'
import type { SideOutcomes } from '../snapshot.ts'
import { judgeSoak, waitFor } from './soak.ts'

export const canaryLongEnough = defineGate(
  'canary-long-enough',
  'this share was watched long enough',
  (snapshot, { pass, unknown }) => {
    const { canary, migration, profile } = snapshot
    // The first percentage has nothing before it to watch.
    if (migration?.step !== 'canary')
      return pass({ reason: 'The service answers nobody yet.', evidence: { percent: 0 } })
    const { soakedMs, evidence: soak, between, standing } = judgeSoak(snapshot)
    const requests = canary?.service.requests ?? 0
    const wanted = { wantedMs: profile.canaryIntervalMs, wantedRequests: profile.canaryRequests }
    const evidence = { sinceMs: canary?.sinceMs ?? 0, ...soak, requests, ...wanted }
    const reason = `At ${migration.percent ?? 0} % the service has answered its share for ${showDuration(soakedMs)} (${countOf(requests, 'request')}).`
    if (soakedMs >= profile.canaryIntervalMs && requests >= profile.canaryRequests && standing === undefined)
      return pass({ reason, evidence })
    return unknown({
      reason: `${reason}${between} ${showDuration(profile.canaryIntervalMs)} and ${profile.canaryRequests} requests say enough.`,
      evidence,
      fix: standing ?? waitFor(profile.canaryIntervalMs - soakedMs, 'reads'),
    })
  },
)

export const errorRate = defineGate(
  'error-rate',
  'the service does not fail more often',
  ({ canary, capability, migration, profile }, { pass, fail, unknown }) => {
    if (migration?.step !== 'canary')
      return pass({ reason: 'The service answers nobody yet.', evidence: { percent: 0 } })
    const { monolith, service } = canary ?? {}
    const fix = 'Wait for requests.'
    if (service === undefined || service.requests === 0)
      return unknown({ reason: 'The service has answered nobody yet.', evidence: { requests: 0 }, fix })
    // At 100 % nothing is left to compare with but no failure at all.
    const other =
      monolith === undefined || monolith.requests === 0
        ? { requests: service.requests, failures: 0 }
        : monolith
    const found = differenceOf(
      { count: service.failures, of: service.requests },
      { count: other.failures, of: other.requests },
    )
    const evidence = {
      serviceFailures: service.failures,
      serviceRequests: service.requests,
      monolithFailures: other.failures,
      monolithRequests: other.requests,
      differenceLow: found.low,
      differenceHigh: found.high,
      limit: profile.errorDifference,
    }
    const reason = `The service failed ${showCount(service.failures)} of ${showCount(service.requests)} times, ${describeOther(monolith)}; ${showExcess(found)} (${showShare(profile.errorDifference)} more is the limit).`
    if (found.low > profile.errorDifference)
      return fail({
        reason,
        evidence,
        fix: `\`strangler migrate ${capability} back\`, then mend the service.`,
      })
    // Worse by what was counted, but not for certain.
    if (found.difference > profile.errorDifference)
      return unknown({ reason, evidence, fix: 'Wait for more requests: they tell chance from a fault.' })
    return pass({ reason, evidence })
  },
)

function describeOther(monolith: SideOutcomes | undefined): string {
  if (monolith === undefined || monolith.requests === 0)
    return 'the monolith answers none of them, so none is expected to fail'
  return `the monolith ${showCount(monolith.failures)} of ${showCount(monolith.requests)}`
}
