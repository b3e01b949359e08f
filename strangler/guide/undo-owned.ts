import { countOf } from '../core/count-of.ts'
import type { UndoCost } from '../core/guide-words.ts'
import { showDuration } from './show.ts'
import type { GuideSnapshot } from './snapshot.ts'

/** Once the service owns the data, going back is a cut-over the other way: it needs the sync that runs back. */
export function undoOwned({ capability, hasTables, data, owner }: GuideSnapshot): UndoCost {
  if (!hasTables) {
    return {
      kind: 'free',
      reason: 'It has no tables: going back is a toggle, and what was written to the service stays there.',
    }
  }
  if (owner === 'monolith') return { kind: 'free', reason: 'The monolith owns the data.' }
  if (data?.sync === 'none') {
    return {
      kind: 'impossible',
      reason: `The sync is uninstalled, so the monolith’s rows are old; copy them anew first: \`strangler sync install ${capability}\`, then \`strangler sync backfill ${capability}\`.`,
    }
  }
  if (data?.sync !== 'running' || data.direction !== 'reverse') {
    return {
      kind: 'impossible',
      reason: `The sync back to the monolith does not run, so its rows are old; start it first: \`strangler sync resume ${capability}\`.`,
    }
  }
  if (data.notReturnable > 0) {
    return {
      kind: 'impossible',
      reason: `${countOf(data.notReturnable, 'row')} of the service cannot be carried back, and would be lost (\`--lose ${data.notReturnable}\`).`,
    }
  }
  const lag = data.lagP99Ms === undefined ? 'an unknown time' : showDuration(data.lagP99Ms)
  return {
    kind: 'needs-reverse-sync',
    reason: `Every change of the service is carried back, ${lag} behind: going back is a cut-over, and loses nothing.`,
  }
}
