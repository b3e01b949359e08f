import type { UndoCost } from '../core/guide-words.ts'
import { stepOf } from './plan.ts'
import { showSome } from './show.ts'
import type { GuideSnapshot } from './snapshot.ts'
import { FREE } from './step.ts'

/** What going back costs: as the step says, unless writes go where the step sends none. */
export function undoCostOf(snapshot: GuideSnapshot): UndoCost {
  const { strayRoutes = [], migration } = snapshot
  if (strayRoutes.length === 0)
    return migration === undefined ? FREE : stepOf(migration.step).undoCost(snapshot)
  const [first] = strayRoutes
  return {
    kind: 'impossible',
    reason: `The service takes writes although the monolith owns (${showSome(strayRoutes)}), and nothing carries them to the monolith: \`strangler route set "${first}" monolith\` ends that, and what was written there so far stays there.`,
  }
}
