import { countOf } from '../../core/count-of.ts'
import { defineGate } from '../gate.ts'
import { showCount, showDuration, showSome } from '../show.ts'

/** The slowest of a hundred decide a p99: of fewer requests it is chance, and the first ones of a process are slow. */
const REQUESTS_FOR_P99 = 100

export const proxyCost = defineGate(
  'proxy-cost',
  'the proxy costs next to nothing',
  ({ traffic, profile }, { pass, fail, unknown }) => {
    const p99Ms = traffic?.proxyP99Ms
    if (p99Ms === undefined) {
      return unknown({
        reason: 'No request has passed the proxy yet, so its own time is not known.',
        evidence: { proxyP99Ms: null, limitMs: profile.proxyP99Ms },
        fix: 'Send traffic through the proxy; `strangler proxy list` shows the proxies.',
      })
    }
    const requests = traffic?.requests ?? 0
    const evidence = { proxyP99Ms: p99Ms, limitMs: profile.proxyP99Ms, requests }
    const reason = `99 of 100 requests spend at most ${showDuration(p99Ms)} in the proxy itself; ${showDuration(profile.proxyP99Ms)} is the limit.`
    if (p99Ms <= profile.proxyP99Ms) return pass({ reason, evidence })
    if (requests < REQUESTS_FOR_P99)
      return unknown({
        reason: `${reason} Of ${countOf(requests, 'request')} that is chance; ${REQUESTS_FOR_P99} say enough.`,
        evidence,
        fix: 'Wait, and send traffic through the proxy.',
      })
    return fail({
      reason,
      evidence,
      fix: 'Give the proxy a processor of its own, or more of them: `strangler start --workers 4`.',
    })
  },
)

export const enoughTraffic = defineGate(
  'enough-traffic',
  'enough of its traffic was seen',
  ({ traffic, profile, capability }, { pass, unknown }) => {
    const requests = traffic?.requests ?? 0
    const watchedMs = traffic?.watchedMs ?? 0
    const evidence = { requests, watchedMs, wantedRequests: profile.observedRequests }
    const reason = `${countOf(requests, 'request')} of ${capability} ${requests === 1 ? 'was' : 'were'} seen in ${showDuration(watchedMs)}.`
    if (requests >= profile.observedRequests || (requests > 0 && watchedMs >= profile.observedMs))
      return pass({ reason, evidence })
    return unknown({
      reason: `${reason} ${showCount(profile.observedRequests)} requests, or ${showDuration(profile.observedMs)} with some, say enough.`,
      evidence,
      fix: 'Wait, and send the traffic of this capability through the proxy.',
    })
  },
)

export const endpointsSeen = defineGate(
  'endpoints-seen',
  'every endpoint was seen, or is known to be rare',
  ({ endpoints }, { pass, unknown }) => {
    const unseen = endpoints.filter(({ requests, rare }) => requests === 0 && !rare)
    const evidence = { endpoints: endpoints.length, unseen: unseen.length }
    if (unseen.length === 0)
      return pass({
        reason:
          endpoints.length === 1
            ? 'Its endpoint was seen or is marked as rare.'
            : `All ${endpoints.length} endpoints were seen or are marked as rare.`,
        evidence,
      })
    const names = unseen.map(({ endpoint }) => endpoint)
    return unknown({
      reason: `${unseen.length} of ${countOf(endpoints.length, 'endpoint')} had no request yet: ${showSome(names)}.`,
      evidence,
      fix: `Wait for one, or mark it: \`strangler guide rare "${names[0]}" --because "…"\`.`,
    })
  },
)

export const noOverrides = defineGate(
  'no-overrides',
  'no endpoint was set by hand',
  ({ overrides }, { pass, fail }) => {
    const evidence = { overrides: overrides.length }
    if (overrides.length === 0) return pass({ reason: 'Every endpoint goes by the stage.', evidence })
    return fail({
      reason: `${countOf(overrides.length, 'endpoint')} ${overrides.length === 1 ? 'is' : 'are'} set by hand and would not follow the step: ${showSome(overrides)}.`,
      evidence,
      // Each by itself, so that none is cleared that somebody still wants.
      fix: overrides.map((endpoint) => `\`strangler route clear "${endpoint}"\``).join(', '),
    })
  },
)
