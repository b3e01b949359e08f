import { countOf } from '../../core/count-of.ts'
import { defineGate } from '../gate.ts'
import { showDuration, showSome } from '../show.ts'
import type { GuideSnapshot } from '../snapshot.ts'

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
    const left = showDuration(wantedMs - quietMs)
    if (found === undefined)
      return unknown({
        reason: `${quiet} ${showDuration(wantedMs)} say enough.`,
        evidence,
        fix: `Wait ${left}, while the kit runs and counts.`,
      })
    const by = found.by.length === 0 ? 'by others than the kit' : `by ${showSome(found.by)}`
    const since = new Date(found.firstAt).toISOString()
    return fail({
      reason: `${countOf(found.count, 'read')} of the old tables ${by} ${found.count === 1 ? 'was' : 'were'} counted since ${since}, the last ${showDuration(now - found.lastAt)} ago: ${showSome(found.tables)}.`,
      evidence,
      fix: `${adviseReaders(found.by)} It opens in ${left} when nobody reads them meanwhile; or, if all of it may read old rows for ever: ${override(snapshot)}`,
    })
  },
)

function adviseReaders(by: readonly string[]): string {
  if (by.length > 0) return `Move ${showSome(by)} to the endpoints.`
  return "Find the program in the log of the monolith's database, and move it to the endpoints."
}

const override = ({ capability }: GuideSnapshot) =>
  `\`strangler migrate ${capability} retire --override no-statement --because "…"\`.`

function whyUncounted(
  snapshot: GuideSnapshot,
): { readonly reason: string; readonly fix: string } | undefined {
  const { retirement, capability, now, profile, owner } = snapshot
  const { silentFrom, reads } = retirement ?? {}
  const window = showDuration(profile.soakMs)
  if (owner === 'monolith')
    return {
      reason: 'The monolith owns the tables, and reads them itself.',
      fix: `\`strangler migrate ${capability} cutover\` moves the ownership; it is counted after the soak.`,
    }
  const asked = 'The monolith is still asked for comparisons, and reads its tables for the kit'
  if (silentFrom === undefined)
    return {
      reason: `${asked}, until it has soaked.`,
      fix: `\`strangler migrate ${capability} next\` begins the soak; ${window} after that it is counted.`,
    }
  if (silentFrom > now) {
    const left = showDuration(silentFrom - now)
    return {
      reason: `${asked}. That ends in ${left}; then it is counted.`,
      fix: `Wait ${left}, and then ${window} more without a read.`,
    }
  }
  const status = `\`strangler sync status ${capability}\` says whether it runs.`
  if (reads === undefined)
    return {
      reason: 'It is not counted yet who reads the old tables: the first look is due within a minute.',
      fix: `Wait for it. It is taken by the process that runs the sync: ${status}`,
    }
  if (reads.blind !== undefined)
    return {
      reason: `The monolith's database does not tell who reads the old tables: ${reads.blind.because}.`,
      fix: `${reads.blind.mend}; then wait ${window}. Or, if you know it otherwise: ${override(snapshot)}`,
    }
  if (now - reads.at <= LOOKED_AT_WITHIN_MS) return undefined
  return {
    reason: `Who reads the old tables was counted ${showDuration(now - reads.at)} ago, and not since.`,
    fix: `It is counted by the process that runs the sync: ${status}`,
  }
}
