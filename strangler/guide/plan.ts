import type { GateResult, Migration, Position, StepId } from '../core/guide-words.ts'
import type { Gate } from './gate.ts'
import type { GateProfile } from './gate-profile.ts'
import type { GuideSnapshot } from './snapshot.ts'
import type { Step } from './step.ts'
import { canary } from './steps/canary.ts'
import { choose } from './steps/choose.ts'
import { contract } from './steps/contract.ts'
import { BACK_GATES, cutover } from './steps/cutover.ts'
import { observe } from './steps/observe.ts'
import { retire } from './steps/retire.ts'
import { shadow } from './steps/shadow.ts'
import { soak } from './steps/soak.ts'
import { sync } from './steps/sync.ts'

/** The steps in their order: the only definition, for commands, pages, dashboard and autopilot alike. */
export const STEPS: readonly Step[] = Object.freeze([
  choose,
  observe,
  contract,
  sync,
  shadow,
  canary,
  cutover,
  soak,
  retire,
])

export function stepOf(id: StepId): Step {
  const step = STEPS.find((candidate) => candidate.id === id)
  if (step === undefined) throw new Error(`There is no step ${id}.`)
  return step
}

/** Every position there is for this capability, from the first to the last. Without tables nothing is copied. */
export function listPositions(profile: GateProfile, hasTables: boolean): Position[] {
  return STEPS.flatMap(({ id }): Position[] => {
    if (id === 'sync' && !hasTables) return []
    if (id === 'canary') return profile.canarySteps.map((percent) => ({ step: id, percent }))
    return [{ step: id }]
  })
}

/** The position after this one; undefined after the last. */
export function nextPosition({ migration, profile, hasTables }: GuideSnapshot): Position | undefined {
  const positions = listPositions(profile, hasTables)
  return positions[indexOf(positions, migration) + 1]
}

/**
 * One step back; undefined before the first. Whoever takes the ownership away from a service does not trust its answers either: from there
 * it goes back to shadowing.
 */
export function previousPosition({ migration, profile, hasTables }: GuideSnapshot): Position | undefined {
  if (migration?.stage === 'owned') return { step: 'shadow' }
  const positions = listPositions(profile, hasTables)
  return positions[indexOf(positions, migration) - 1]
}

/**
 * The position at which this share of the users reads from the service, 0 being the shadow; undefined where the profile has no such share, or where it
 * is neither the next steps nor the last ones that lead there.
 */
export function sharePosition(snapshot: GuideSnapshot, percent: number): Position | undefined {
  const { migration, profile, hasTables, owner } = snapshot
  const isNear = migration?.stage === 'shadow' || migration?.stage === 'canary'
  if (!isNear || owner === 'service') return undefined
  if (percent === 0) return { step: 'shadow' }
  return listPositions(profile, hasTables).find((one) => one.step === 'canary' && one.percent === percent)
}

/** Whether a position lies behind where a capability stands, or before it. */
export function isAhead(
  { migration, profile, hasTables }: GuideSnapshot,
  { step, percent }: Position,
): boolean {
  const positions = listPositions(profile, hasTables)
  const at = positions.findIndex((one) => one.step === step && one.percent === percent)
  return at > indexOf(positions, migration)
}

/** Where "to the start" leads: everything at the monolith, nothing shadowed; the copy stays and is kept. */
export function startPosition({ hasTables }: GuideSnapshot): Position {
  return { step: hasTables ? 'sync' : 'contract' }
}

/** −1 before the first. A percentage that the profile does not have counts as the largest below it. */
function indexOf(positions: readonly Position[], migration: Migration | undefined): number {
  if (migration === undefined) return -1
  return positions.findLastIndex(
    ({ step, percent }) =>
      step === migration.step && (percent === undefined || percent <= (migration.percent ?? percent)),
  )
}

/** Those that this profile asks for. */
export function gatesOf(step: StepId, profile: GateProfile): Gate[] {
  return stepOf(step).gates.filter(({ isAsked }) => isAsked?.(profile) ?? true)
}

/** What the gates of a position say now. */
export function checkGates({ step }: Position, snapshot: GuideSnapshot): GateResult[] {
  return gatesOf(step, snapshot.profile).map((gate) => gate.check(snapshot))
}

/** Going back needs no evidence. From `owned` it moves the ownership, and that needs to be safe. */
export function checkWayBack(snapshot: GuideSnapshot): GateResult[] {
  if (snapshot.owner === 'monolith') return []
  return BACK_GATES.map((gate) => gate.check(snapshot))
}
