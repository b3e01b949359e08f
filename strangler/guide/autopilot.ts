import type { GateResult, Position } from '../core/guide-words.ts'
import { differenceOf } from '../core/newcombe-interval.ts'
import { verdictsOf } from './gate.ts'
import { latency, netMismatch, noOpenDifference } from './gates/comparison-gates.ts'
import { checkGates, nextPosition, startPosition } from './plan.ts'
import { showShare } from './show.ts'
import type { GuideSnapshot } from './snapshot.ts'

/** What the autopilot does now. It never moves ownership by itself, and never takes it away. */
export type AutopilotMove =
  | { readonly kind: 'next'; readonly position: Position; readonly gates: readonly GateResult[] }
  /** Something is missing, or failing, that does no harm: it waits, however long. */
  | { readonly kind: 'hold'; readonly reason: string; readonly gates: readonly GateResult[] }
  /** A guardrail was touched while the monolith owns: everything goes back at once. */
  | {
      readonly kind: 'back'
      readonly position: Position
      readonly reason: string
      /** What was found, for the journal. */
      readonly gates: readonly GateResult[]
    }
  /** A person must decide. */
  | { readonly kind: 'call'; readonly reason: string }
  | { readonly kind: 'done' }

export interface AutopilotOptions {
  /** `all` passes the cut-over and retire too: for tests and demos. */
  readonly until: 'cutover' | 'all'
}

const IN_ROW = 5
const OF_LAST_300 = 30

export function decideMove(snapshot: GuideSnapshot, { until }: AutopilotOptions): AutopilotMove {
  const harm = findHarm(snapshot)
  const [first] = harm
  if (first !== undefined) {
    if (snapshot.owner === 'service') return { kind: 'call', reason: first.reason }
    return { kind: 'back', position: retreatOf(snapshot), reason: first.reason, gates: harm }
  }
  const position = nextPosition(snapshot)
  if (position === undefined) return { kind: 'done' }
  if (until !== 'all' && (position.step === 'cutover' || position.step === 'retire')) {
    return { kind: 'call', reason: `The next step is ${position.step}, and that is for a person to take.` }
  }
  const gates = checkGates(position, snapshot)
  const [closed] = gates.filter(({ state }) => state !== 'pass')
  if (closed !== undefined) return { kind: 'hold', reason: closed.reason, gates }
  return { kind: 'next', position, gates }
}

/** A guardrail that is touched; or answers that some users get now and that are wrong, or late. Silence is neither. */
function findHarm(snapshot: GuideSnapshot): GateResult[] {
  const { canary, comparison, migration, profile } = snapshot
  const touched = findTouchedGuardrail(snapshot)
  if (touched !== undefined) {
    const { service, failuresInRow = 0, failuresOfLast300 = 0 } = canary ?? {}
    const counts = { serviceRequests: service?.requests ?? 0, serviceFailures: service?.failures ?? 0 }
    const evidence = { ...counts, failuresInRow, failuresOfLast300 }
    return [guardrail.fail({ reason: touched, evidence, fix: 'Mend the service.' })]
  }
  const serves = migration?.stage === 'canary' || migration?.stage === 'owned'
  if (!serves || (comparison?.compared ?? 0) < profile.comparisonsPerEndpoint) return []
  return ANSWER_GATES.map((gate) => gate.check(snapshot)).filter(({ state }) => state === 'fail')
}

const guardrail = verdictsOf('guardrail')
/** The gates that it came in by, when another build fails them. */
const ANSWER_GATES = [noOpenDifference, netMismatch, latency] as const

/** Why users are being hurt, or would be; undefined while all is well. Silence is no guardrail: no traffic holds. */
function findTouchedGuardrail(snapshot: GuideSnapshot): string | undefined {
  const { migration, canary, profile, data, hasTables } = snapshot
  const serves = migration?.stage === 'canary' || migration?.stage === 'owned'
  if (!serves) return undefined
  if (hasTables && data !== undefined && data.sync !== 'running')
    return `The data sync is ${data.sync === 'none' ? 'gone' : 'paused'}.`
  if (data?.broken !== undefined) return `The data sync is broken: ${data.broken}.`
  if (canary === undefined) return undefined
  const { service, monolith, failuresInRow, failuresOfLast300 } = canary
  if (failuresInRow >= IN_ROW) return `The service failed ${failuresInRow} times in a row.`
  if (failuresOfLast300 >= OF_LAST_300)
    return `The service failed ${failuresOfLast300} of its last 300 requests.`
  const { low } = differenceOf(
    { count: service.failures, of: service.requests },
    { count: monolith.failures, of: monolith.requests },
  )
  if (low > profile.errorDifference)
    return `With 99 % certainty the service fails in ${showShare(low)} more of its requests than the monolith, at least.`
  return undefined
}

/** Nobody reads from the service any more, and what was learnt by shadowing goes on. Without a sync not even that. */
function retreatOf(snapshot: GuideSnapshot): Position {
  const canShadow = !snapshot.hasTables || snapshot.data?.sync === 'running'
  return canShadow ? { step: 'shadow' } : startPosition(snapshot)
}
