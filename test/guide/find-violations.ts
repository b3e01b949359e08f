import type { JournalEntry, JournalEvent, RouteState } from '../../strangler/core/words.ts'
import { GATE_PROFILES } from '../../strangler/guide/gate-profile.ts'
import { gatesOf } from '../../strangler/guide/plan.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { decide } from '../../strangler/routing/decide.ts'
import { ownerOf } from '../../strangler/routing/fold-cutover.ts'
import { EMPTY_STATE, foldJournal } from '../../strangler/routing/fold-journal.ts'
import { identityOf } from '../support/tables.ts'
import type { Compared } from './guide-world.ts'
import { CAPABILITY, CONFIG, followingOf } from './world-setting.ts'

/** Every line of a journal that must not be there, in words. */
export function findViolations(
  entries: readonly JournalEntry[],
  compared: readonly Compared[] = [],
): string[] {
  let after = EMPTY_STATE
  return entries.flatMap((entry, index) => {
    const before = after
    after = foldJournal(before, [entry])
    const { event } = entry
    const found = [
      ...(event.kind === 'stage.entered' ? judgeStep(entry, event, before) : []),
      ...judgeOwners(after),
      ...(event.kind === 'owner.changed'
        ? judgeMove(event, before, { compared, version: entry.version, later: entries.slice(index + 1) })
        : []),
      ...(event.kind === 'sync.ended' ? judgeEnd(entry, before) : []),
    ]
    return found.map((what) => `line ${entry.version}: ${what}`)
  })
}

function judgeStep(
  { because }: JournalEntry,
  { step, percent, gates, overridden = [], back }: Extract<JournalEvent, { kind: 'stage.entered' }>,
  before: RouteState,
): string[] {
  if (back) return ownerOf(before, CAPABILITY) === 'service' ? [`${step}: back without the ownership`] : []
  const next = followingOf(before)
  const isNext = next?.step === step && next.percent === percent
  // The stage follows the ownership, and the line with the gates comes after.
  const isTold = step === 'cutover' && before.migrations?.[CAPABILITY]?.step === 'cutover'
  const wanted = gatesOf(step, GATE_PROFILES.default).map(({ id }) => id)
  return [
    ...(isTold || isNext || leapsAhead(before, { step, percent }) ? [] : [`${step} does not follow`]),
    ...(wanted.join() === gates.map(({ id }) => id).join() ? [] : [`${step} has asked none or other gates`]),
    ...gates
      .filter(({ id, state }) => state !== 'pass' && !overridden.includes(id))
      .map(({ id }) => `${step} in spite of ${id}`),
    ...(overridden.length > 0 && because === undefined ? [`${step}: overridden without a reason`] : []),
  ]
}

/** From a share of the users to any larger one. */
function leapsAhead(
  before: RouteState,
  { step, percent }: { step: string; percent?: number | undefined },
): boolean {
  const at = before.migrations?.[CAPABILITY]
  const isNear = at?.step === 'shadow' || at?.step === 'canary'
  return isNear && step === 'canary' && (percent ?? 0) > (at.percent ?? 0)
}

/** Whatever is said of the endpoints: everybody's writes go to one side, and it is the owner. */
function judgeOwners(state: RouteState): string[] {
  const table = compileTable(CONFIG, state)
  const sides = new Set<string>([ownerOf(state, CAPABILITY)])
  for (const address of ['192.0.2.1', '192.0.2.77', '198.51.100.3']) {
    const decided = decide(table, { method: 'PUT', path: '/stock/1' }, identityOf({ address }))
    sides.add(decided === 'ambiguous' ? decided : decided.target)
  }
  return sides.size === 1 ? [] : ['two owners take writes']
}

interface MoveScene {
  readonly compared: readonly Compared[]
  /** Of the line that moves the ownership. */
  readonly version: number
  readonly later: readonly JournalEntry[]
}

/**
 * Whoever decides a cut-over that is open has the sync running, towards the new owner. The service also has the same rows, by a comparison of this very epoch, or somebody has
 * said why it gets them all the same. Going back asks for no evidence: what was written since has been carried by the sync that runs.
 */
function judgeMove(
  { owner, cutoverId }: Extract<JournalEvent, { kind: 'owner.changed' }>,
  before: RouteState,
  scene: MoveScene,
): string[] {
  // Of no cut-over that is open: it moves nothing.
  if (before.cutovers?.[CAPABILITY]?.id !== cutoverId) return []
  const order = before.syncs?.[CAPABILITY]
  if (order?.state !== 'running') return [`${owner}: owns without its sync running`]
  if ((order.direction === 'reverse') !== (owner === 'monolith'))
    return [`${owner}: owns what is carried away from it`]
  if (owner === 'monolith' || isProven(scene, order.epoch) || isWaived(scene)) return []
  return [`${owner}: owns what was not proven to be the same`]
}

function isProven({ compared, version }: MoveScene, epoch: number): boolean {
  const newest = compared.findLast((one) => one.version < version)
  return newest?.epoch === epoch && newest.same
}

/** The line with the gates comes after the one that moves the ownership. */
function isWaived({ later }: MoveScene): boolean {
  const told = later.find(({ event }) => event.kind === 'stage.entered' || event.kind === 'owner.changed')
  if (told?.event.kind !== 'stage.entered' || told.event.step !== 'cutover') return false
  return told.because !== undefined && (told.event.overridden ?? []).includes('verify-clean')
}

/** Its sync is not taken from under a service that owns, unless somebody says why. */
function judgeEnd({ because }: JournalEntry, before: RouteState): string[] {
  const isOwned = ownerOf(before, CAPABILITY) === 'service'
  const isRetired = before.migrations?.[CAPABILITY]?.stage === 'retired'
  return isOwned && !isRetired && because === undefined ? ['service: owns, and its sync is taken out'] : []
}
