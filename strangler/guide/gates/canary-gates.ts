import { countOf } from '../../core/count-of.ts'
import { differenceOf } from '../../core/newcombe-interval.ts'
import { defineGate } from '../gate.ts'
import { showCount, showDuration, showShare } from '../show.ts'

export const canaryLongEnough = defineGate(
  'canary-long-enough',
  'this share was watched long enough',
  ({ canary, migration, profile }, { pass, unknown }) => {
    // The first percentage has nothing before it to watch.
    if (migration?.step !== 'canary')
      return pass({ reason: 'The service answers nobody yet.', evidence: { percent: 0 } })
    const { sinceMs = 0, service } = canary ?? {}
    const requests = service?.requests ?? 0
    const evidence = {
      sinceMs,
      requests,
      wantedMs: profile.canaryIntervalMs,
      wantedRequests: profile.canaryRequests,
    }
    const reason = `At ${migration.percent ?? 0} % for ${showDuration(sinceMs)}, with ${countOf(requests, 'request')} on the service.`
    if (sinceMs >= profile.canaryIntervalMs && requests >= profile.canaryRequests)
      return pass({ reason, evidence })
    return unknown({
      reason: `${reason} ${showDuration(profile.canaryIntervalMs)} and ${profile.canaryRequests} requests say enough.`,
      evidence,
      fix: 'Wait.',
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
    const reason = `The service failed ${service.failures} of ${showCount(service.requests)} times, the monolith ${other.failures} of ${showCount(other.requests)}; with 99 % certainty the service fails at least ${showShare(Math.max(0, found.low))} more often (${showShare(profile.errorDifference)} is the limit).`
    if (found.low > profile.errorDifference)
      return fail({
        reason,
        evidence,
        fix: `\`strangler migrate ${capability} back\`, then mend the service.`,
      })
    // Worse by what was counted, but not for certain.
    if (found.difference > profile.errorDifference) return unknown({ reason, evidence, fix })
    return pass({ reason, evidence })
  },
)
