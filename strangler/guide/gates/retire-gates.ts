import { countOf } from '../../core/count-of.ts'
import { MOST_FAILED } from '../../core/traffic-words.ts'
import type { Reason } from '../../core/words.ts'
import { defineGate } from '../gate.ts'
import { showDuration, showShare, showSome } from '../show.ts'
import type { GuideSnapshot } from '../snapshot.ts'
import { judgeSoak, waitFor } from './soak.ts'

export const ownedLongEnough = defineGate(
  'owned-long-enough',
  'the service has owned it long enough',
  (snapshot, { pass, unknown }) => {
    const { profile, owner } = snapshot
    const wantedMs = profile.soakMs
    if (owner !== 'service')
      return unknown({
        reason: 'The monolith owns it.',
        evidence: { soakedMs: 0, wantedMs },
        fix: `\`strangler migrate ${snapshot.capability} cutover\` moves the ownership.`,
      })
    const { soakedMs, evidence: soak, between, standing } = judgeSoak(snapshot)
    const evidence = { ...soak, wantedMs }
    const reason = `For ${showDuration(soakedMs)} of this step the service has owned it and answered every request, at most ${showShare(MOST_FAILED)} of them with an error of its own.`
    if (soakedMs >= wantedMs && standing === undefined) return pass({ reason, evidence })
    return unknown({
      reason: `${reason}${between} ${showDuration(wantedMs)} say enough.`,
      evidence,
      fix: standing ?? waitFor(wantedMs - soakedMs, 'requests'),
    })
  },
)

export const noCaller = defineGate(
  'no-caller',
  'nobody asks the monolith for it any more',
  (snapshot, { pass, fail, unknown }) => {
    const { retirement, capability, now, profile } = snapshot
    if (retirement === undefined)
      return unknown({
        reason: 'It is not known what the monolith still answers.',
        evidence: { requests: null },
        fix: `\`strangler guide ${capability}\` says whether the service owns it yet.`,
      })
    const { requests, lastAt = now } = retirement.monolith
    const quietMs = requests === 0 ? null : Math.max(0, now - lastAt)
    const evidence = { requests, quietMs, wantedMs: profile.soakMs }
    if (quietMs === null)
      return pass({ reason: `The monolith has answered no request of ${capability}.`, evidence })
    const reason = `Since the service owns ${capability} the monolith has still answered ${countOf(requests, 'request')} of it, the last ${showDuration(quietMs)} ago`
    if (quietMs >= profile.soakMs) return pass({ reason: `${reason}: nobody has come since.`, evidence })
    return fail({
      reason: `${reason}. ${showDuration(profile.soakMs)} without one say enough.`,
      evidence,
      fix: describeWayOut(snapshot, profile.soakMs - quietMs),
    })
  },
)

const ASKED: Partial<Record<Reason, string>> = {
  OVERRIDE: 'told by the header x-strangler-target',
  STATIC: 'sent by its route',
  SPLIT: 'sent by its route, as a share',
  TARGETING_MATCH: 'sent by a rule of the targeting',
}

/** Who came, what ends that, and when the gate opens. */
function describeWayOut({ retirement, capability, overrides }: GuideSnapshot, leftMs: number): string {
  const callers = retirement?.monolith.callers ?? []
  const named = callers.map(
    ({ endpoint, because, address, requests }) =>
      `${address} (${endpoint}, ${countOf(requests, 'request')}, ${ASKED[because] ?? because})`,
  )
  const cleared = overrides.map((endpoint) => `\`strangler route clear "${endpoint}"\``)
  const told = callers.some(({ because }) => because === 'OVERRIDE')
  return [
    ...(named.length === 0 ? [] : [`Seen last: ${showSome(named)}.`]),
    ...(cleared.length === 0 ? [] : [`${showSome(cleared)} ends what is sent by hand.`]),
    ...(told ? ['Whoever sends the header must leave it out.'] : []),
    `Then wait ${showDuration(leftMs)}; or, if you know each of them and that none comes again: \`strangler migrate ${capability} retire --override no-caller --because "…"\`.`,
  ].join(' ')
}
