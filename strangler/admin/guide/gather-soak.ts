import type { KeptTraffic } from '../../core/traffic-words.ts'
import type { RouteState } from '../../core/words.ts'
import type { GuideSnapshot, RetirementEvidence, SoakEvidence } from '../../guide/snapshot.ts'

/** How long the service has answered what it was to answer at the present step. */
export function toSoak({ soaks }: KeptTraffic, entered: number | undefined): Pick<GuideSnapshot, 'soak'> {
  const clock = entered === undefined ? undefined : soaks.get(entered)
  if (clock === undefined) return {}
  const { soakedMs, missing, missed } = clock
  const soak: SoakEvidence = {
    ...{ soakedMs, missing: Object.keys(missing) },
    ...(missed === undefined ? {} : { missed }),
  }
  return { soak }
}

const MOST_CALLERS = 8

/** Whom the monolith has answered since the service owns, over all the steps since then. */
export function toMonolithCalls(
  { counts, soaks }: KeptTraffic,
  { state, capability }: { state: RouteState; capability: string },
): RetirementEvidence['monolith'] {
  const since = state.owners?.[capability]?.since ?? state.migrations?.[capability]?.version ?? 0
  const calls = counts.filter(({ entered, target }) => entered >= since && target === 'monolith')
  const callers = [...soaks].flatMap(([entered, clock]) => (entered >= since ? clock.callers : []))
  return {
    requests: calls.reduce((sum, { requests }) => sum + requests, 0),
    ...(calls.length === 0 ? {} : { lastAt: Math.max(...calls.map(({ lastAt }) => lastAt)) }),
    callers: callers.sort((one, other) => other.at - one.at).slice(0, MOST_CALLERS),
  }
}
