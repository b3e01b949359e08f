import { countOf } from '../../core/count-of.ts'
import { defineGate } from '../gate.ts'
import { showDuration, showSome } from '../show.ts'
import type { GuideSnapshot } from '../snapshot.ts'

export const ownedLongEnough = defineGate(
  'owned-long-enough',
  'the service has owned it long enough',
  ({ migration, now, profile, owner }, { pass, unknown }) => {
    const sinceMs = owner === 'service' && migration !== undefined ? now - Date.parse(migration.enteredAt) : 0
    const evidence = { sinceMs, wantedMs: profile.soakMs }
    const reason = `The service has owned it for ${showDuration(sinceMs)}.`
    if (owner === 'service' && sinceMs >= profile.soakMs) return pass({ reason, evidence })
    return unknown({
      reason: `${reason} ${showDuration(profile.soakMs)} say enough.`,
      evidence,
      fix: `Wait ${showDuration(Math.max(0, profile.soakMs - sinceMs))}.`,
    })
  },
)

export const noCaller = defineGate(
  'no-caller',
  'nobody asks the monolith for it any more',
  ({ retirement, capability }, { pass, fail, unknown }) => {
    const fix = `\`strangler route list\` shows what still goes to the monolith.`
    if (retirement === undefined)
      return unknown({
        reason: 'It is not known what the monolith still answers.',
        evidence: { requests: null },
        fix,
      })
    const { monolithRequests: requests } = retirement
    const evidence = { requests }
    if (requests === 0)
      return pass({ reason: `The monolith has answered no request of ${capability}.`, evidence })
    return fail({
      reason: `The monolith has still answered ${countOf(requests, 'request')} of ${capability}.`,
      evidence,
      fix,
    })
  },
)

/** Who counts may have ended: its word is of then, and not of now. */
const LOOKED_AT_WITHIN_MS = 300_000

export const noStatement = defineGate(
  'no-statement',
  'nobody touches its old tables any more',
  (snapshot, { pass, fail, unknown }) => {
    if (!snapshot.hasTables) return pass({ reason: 'It has no tables.', evidence: { tables: 0 } })
    const { retirement, profile, now } = snapshot
    const wantedMs = profile.soakMs
    const unseen = whyUncounted(snapshot)
    if (unseen !== undefined)
      return unknown({ ...unseen, evidence: { reads: null, quietMs: null, wantedMs } })
    const { quietMs = 0, found } = retirement?.reads ?? {}
    const evidence = { reads: found?.count ?? 0, quietMs, wantedMs }
    const quiet = `Nobody but the kit has read the old tables for ${showDuration(quietMs)} (who reads a replica is not seen).`
    if (quietMs >= wantedMs) return pass({ reason: quiet, evidence })
    const wait = `Wait ${showDuration(wantedMs - quietMs)}.`
    if (found === undefined)
      return unknown({ reason: `${quiet} ${showDuration(wantedMs)} say enough.`, evidence, fix: wait })
    const by = found.by.length === 0 ? 'by others than the kit' : `by ${showSome(found.by)}`
    const since = new Date(found.firstAt).toISOString()
    return fail({
      reason: `${countOf(found.count, 'read')} of the old tables ${by} ${found.count === 1 ? 'was' : 'were'} counted since ${since}, the last ${showDuration(now - found.lastAt)} ago: ${showSome(found.tables)}.`,
      evidence,
      fix: `Find the program, and move it to the endpoints. ${wait}`,
    })
  },
)

function whyUncounted({
  retirement,
  capability,
  now,
}: GuideSnapshot): { readonly reason: string; readonly fix: string } | undefined {
  const { silentFrom, reads } = retirement ?? {}
  const asked = 'The monolith is still asked for comparisons, and reads its tables for the kit'
  if (silentFrom === undefined)
    return { reason: `${asked}, until it has soaked.`, fix: 'Let it soak: from then on it is counted.' }
  if (silentFrom > now) {
    const left = showDuration(silentFrom - now)
    return { reason: `${asked}. That ends in ${left}; then it is counted.`, fix: `Wait ${left}.` }
  }
  const status = `\`strangler sync status ${capability}\` says whether its sync runs.`
  if (reads === undefined) return { reason: 'It is not counted yet who reads the old tables.', fix: status }
  if (reads.blind !== undefined)
    return {
      reason: `The monolith's database does not tell who reads the old tables: ${reads.blind.because}.`,
      fix: `${reads.blind.mend}; or say why it is known otherwise with --override and --because.`,
    }
  if (now - reads.at <= LOOKED_AT_WITHIN_MS) return undefined
  const reason = `Who reads the old tables was counted ${showDuration(now - reads.at)} ago, and not since.`
  return { reason, fix: status }
}
