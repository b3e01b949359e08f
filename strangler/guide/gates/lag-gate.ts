import { defineGate } from '../gate.ts'
import { showDuration } from '../show.ts'
import type { GuideSnapshot } from '../snapshot.ts'

/** How far the copy was behind, over a while. */
export const lagLow = defineGate('lag-low', 'the copy keeps up', (snapshot, { pass, fail, unknown }) => {
  if (!snapshot.hasTables)
    return pass({ reason: 'It has no tables, so there is nothing to copy.', evidence: { tables: 0 } })
  const { data, profile, capability } = snapshot
  const { lagP99Ms, lagWatchedMs: watchedMs = 0 } = data ?? {}
  const evidence = { lagP99Ms: lagP99Ms ?? null, watchedMs, limitMs: profile.lagP99Ms }
  if (lagP99Ms === undefined) return unknown({ ...whyNoLag(snapshot), evidence })
  const window = showDuration(profile.lagWindowMs)
  const copy = data?.direction === 'reverse' ? "the monolith's copy" : "the service's copy"
  const found = `99 of 100 times ${copy} was at most ${showDuration(lagP99Ms)} behind, over ${showDuration(Math.min(watchedMs, profile.lagWindowMs))}`
  if (lagP99Ms >= profile.lagP99Ms)
    return fail({
      reason: `${found}; ${showDuration(profile.lagP99Ms)} is the limit.`,
      evidence,
      fix: `\`strangler sync status ${capability}\` shows how much waits, and what is refused. A slow spell counts until it is ${window} old.`,
    })
  if (watchedMs < profile.lagWindowMs)
    return unknown({
      reason: `${found}; ${window} say enough.`,
      evidence,
      fix: `Wait ${showDuration(profile.lagWindowMs - watchedMs)}, while the sync runs.`,
    })
  return pass({ reason: `${found}.`, evidence })
})

/** Each has a mend of its own. */
export function whyNoLag({ data, capability }: GuideSnapshot): {
  readonly reason: string
  readonly fix: string
} {
  const status = `\`strangler sync status ${capability}\``
  if (data === undefined)
    return {
      reason: `The lag is not known: the databases of ${capability} do not answer.`,
      fix: `\`strangler doctor ${capability}\` says which, and why.`,
    }
  if (data.sync === 'none')
    return {
      reason: `There is no lag, since ${capability} is not synced.`,
      fix: `\`strangler sync install ${capability}\``,
    }
  if (data.sync === 'paused')
    return {
      reason: `The lag is not known: the sync of ${capability} is paused, and its copy grows older.`,
      fix: `\`strangler sync resume ${capability}\``,
    }
  if (data.broken !== undefined)
    return {
      reason: `The lag is not known: the sync of ${capability} does not run as it should (${data.broken}).`,
      fix: `Mend that; ${status} shows when it runs again.`,
    }
  return {
    reason: `The lag is not known: the copy of ${capability} is not filled yet, or no process that runs its sync says a word.`,
    fix: `${status} says which: wait for the copy, or start one with \`strangler start --role sync\`.`,
  }
}
