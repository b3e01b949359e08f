import type { Cutover, Hold, JournalEvent, Ownership, RouteState, Side, SyncOrder } from '../core/words.ts'

type CutoverEvent = Extract<JournalEvent, { kind: 'cutover.started' | 'cutover.aborted' | 'owner.changed' }>
type Changes = Pick<RouteState, 'holds' | 'syncs' | 'owners' | 'cutovers' | 'announced'>

/** Who takes the writes of a capability with tables. */
export function ownerOf(state: RouteState, capability: string): Side {
  return state.owners?.[capability]?.side ?? 'monolith'
}

/**
 * A word of a cut-over counts only while that very cut-over is undecided: of the decision and its undoing the first wins, and whoever
 * wakes up late changes nothing.
 */
export function foldCutover(state: RouteState, event: CutoverEvent, version: number): Partial<Changes> {
  const { capability } = event
  if (event.kind === 'cutover.started') return begin(state, event, version)
  const cutover = state.cutovers?.[capability]
  if (cutover?.id !== event.cutoverId || cutover.phase !== 'started') return {}
  if (event.kind === 'cutover.aborted') return moveOn(state, { ...cutover, phase: 'undoing' })
  const order = state.syncs?.[capability]
  if (order?.state !== 'running' || order.epoch !== cutover.epoch || event.owner !== cutover.to) return {}
  const ownership: Ownership = { side: event.owner, since: version }
  return {
    ...moveOn(state, { ...cutover, phase: 'decided' }),
    owners: { ...state.owners, [capability]: ownership },
    syncs: { ...state.syncs, [capability]: turnAround(event) },
  }
}

/** The writes stay held until the guards are where they belong: only then a hold of a cut-over ends. */
export function mayEndHold(
  state: RouteState,
  event: { kind: 'hold.released' | 'hold.aborted'; capability: string; holdId: string },
): boolean {
  const cutover = state.cutovers?.[event.capability]
  if (cutover?.id !== event.holdId) return true
  return cutover.phase === (event.kind === 'hold.released' ? 'decided' : 'undoing')
}

function begin(
  state: RouteState,
  event: Extract<CutoverEvent, { kind: 'cutover.started' }>,
  since: number,
): Partial<Changes> {
  const { capability, cutoverId: id, to, expiresAt } = event
  const order = state.syncs?.[capability]
  const isBusy = state.cutovers?.[capability] !== undefined || state.holds[capability] !== undefined
  if (isBusy || order?.state !== 'running' || to === ownerOf(state, capability)) return {}
  const hold: Hold = { id, capability, phase: 'holding', expiresAt }
  const cutover: Cutover = { id, capability, to, phase: 'started', epoch: order.epoch, since }
  const { [capability]: _, ...announced } = state.announced ?? {}
  return { holds: { ...state.holds, [capability]: hold }, announced, ...moveOn(state, cutover) }
}

function moveOn(state: RouteState, cutover: Cutover): Pick<Changes, 'cutovers'> {
  return { cutovers: { ...state.cutovers, [cutover.capability]: cutover } }
}

function turnAround({ owner, epoch }: { owner: Side; epoch: number }): SyncOrder {
  const direction = owner === 'service' ? { direction: 'reverse' as const } : {}
  return { epoch, state: 'running', whole: true, ...direction }
}
