import type { Hold, JournalEntry, Override, RouteState } from '../core/words.ts'
import { foldComparison } from './fold-comparison.ts'
import { foldCutover, mayEndHold } from './fold-cutover.ts'
import { foldStage, followOwner } from './fold-migration.ts'

/** The state before the first decision: every endpoint as the configuration says. */
export const EMPTY_STATE: RouteState = Object.freeze({
  version: 0,
  overrides: Object.freeze({}),
  salts: Object.freeze({}),
  holds: Object.freeze({}),
})

/**
 * Applies decisions to a state and returns a new one. Entries already in the state are skipped, so that a replay is harmless.
 * @throws Error when an entry is missing: a fold over a gap would be a guess
 */
export function foldJournal(state: RouteState, entries: readonly JournalEntry[]): RouteState {
  let next = state
  for (const entry of entries) {
    if (entry.version <= next.version) continue
    if (entry.version !== next.version + 1) {
      throw new Error(`The journal has a gap: version ${entry.version} follows ${next.version}`)
    }
    next = applyEntry(next, entry)
  }
  return next
}

function applyEntry(state: RouteState, entry: JournalEntry): RouteState {
  const { event, version } = entry
  switch (event.kind) {
    case 'route.set':
      return { ...state, version, ...setRoute(state, entry, event) }
    case 'route.cleared':
      return { ...state, version, overrides: without(state.overrides, event.endpoint) }
    case 'hold.started': {
      const { capability, holdId: id, expiresAt } = event
      // A cut-over has a hold of its own, which nothing may take the place of.
      if (state.cutovers?.[capability] !== undefined) return { ...state, version }
      return {
        ...state,
        version,
        holds: { ...state.holds, [capability]: { id, capability, phase: 'holding', expiresAt } },
      }
    }
    case 'hold.fenced':
      return { ...state, version, holds: fenceHold(state.holds, event.capability, event.holdId) }
    case 'hold.released':
    case 'hold.aborted':
      return mayEndHold(state, event)
        ? { ...state, version, ...endHold(state, event) }
        : { ...state, version }
    case 'cutover.announced':
      return {
        ...state,
        version,
        announced: { ...state.announced, [event.capability]: event.announcementId },
      }
    case 'cutover.started':
    case 'cutover.aborted':
      return { ...state, version, ...foldCutover(state, event, version) }
    case 'owner.changed':
      return changeOwner(state, entry, event)
    case 'stage.entered':
      return { ...state, version, ...foldStage(state, entry, event) }
    case 'autopilot.started':
      return {
        ...state,
        version,
        autopilots: { ...state.autopilots, [event.capability]: { until: event.until } },
      }
    case 'autopilot.stopped':
      return { ...state, version, autopilots: without(state.autopilots ?? {}, event.capability) }
    case 'endpoint.rare':
      return { ...state, version, rareEndpoints: markRare(state.rareEndpoints ?? {}, entry, event) }
    case 'proxy.evicted':
      return { ...state, version }
    case 'sync.started':
    case 'sync.paused':
    case 'sync.resumed':
    case 'sync.ended':
      return { ...state, version, syncs: foldSync(state.syncs ?? {}, entry, event) }
    case 'build.deployed':
    case 'difference.accepted':
    case 'difference.rejected':
      return { ...state, version, ...foldComparison(state, entry, event) }
  }
}

/** A decision that came too late changes no stage either. */
function changeOwner(
  state: RouteState,
  entry: JournalEntry,
  event: Extract<JournalEntry['event'], { kind: 'owner.changed' }>,
): RouteState {
  const changes = foldCutover(state, event, entry.version)
  const next = { ...state, version: entry.version, ...changes }
  if (changes.owners === undefined) return next
  const migrations = followOwner(state.migrations, entry, event)
  return migrations === undefined ? next : { ...next, migrations }
}

type RareEndpoints = NonNullable<RouteState['rareEndpoints']>

function markRare(
  rare: RareEndpoints,
  { version }: JournalEntry,
  event: Extract<JournalEntry['event'], { kind: 'endpoint.rare' }>,
): RareEndpoints {
  return event.rare ? { ...rare, [event.endpoint]: version } : without(rare, event.endpoint)
}

type RouteSet = Extract<JournalEntry['event'], { kind: 'route.set' }>

function setRoute(
  state: RouteState,
  entry: JournalEntry,
  event: RouteSet,
): Pick<RouteState, 'overrides' | 'salts'> {
  const override: Override = {
    setting: event.setting,
    unsafe: event.unsafe === true,
    version: entry.version,
    at: entry.at,
    by: entry.by,
    ...(entry.because === undefined ? {} : { because: entry.because }),
  }
  const { capability, value } = event.salt ?? {}
  const salts =
    capability === undefined || value === undefined || state.salts[capability] !== undefined
      ? state.salts
      : { ...state.salts, [capability]: value }
  return { overrides: { ...state.overrides, [event.endpoint]: override }, salts }
}

type Holds = RouteState['holds']

// A late word about an older hold must not touch the present one: the id decides.
function fenceHold(holds: Holds, capability: string, holdId: string): Holds {
  const hold: Hold | undefined = Object.hasOwn(holds, capability) ? holds[capability] : undefined
  return hold?.id === holdId ? { ...holds, [capability]: { ...hold, phase: 'fenced' } } : holds
}

/** A cut-over ends with its hold. */
function endHold(
  state: RouteState,
  { capability, holdId }: { capability: string; holdId: string },
): Pick<RouteState, 'holds' | 'cutovers'> {
  const { holds, cutovers } = state
  return {
    holds: holds[capability]?.id === holdId ? without(holds, capability) : holds,
    ...(cutovers?.[capability]?.id === holdId ? { cutovers: without(cutovers, capability) } : {}),
  }
}

type Syncs = NonNullable<RouteState['syncs']>
type SyncEvent = Extract<JournalEntry['event'], { kind: `sync.${string}` }>

function foldSync(syncs: Syncs, entry: JournalEntry, event: SyncEvent): Syncs {
  const { capability } = event
  if (event.kind === 'sync.ended') return without(syncs, capability)
  if (event.kind === 'sync.started') {
    const { kind: _kind, capability: _capability, ...order } = event
    return { ...syncs, [capability]: { ...order, state: 'running' } }
  }
  const order = syncs[capability]
  // A pause of what has ended says nothing.
  if (order === undefined) return syncs
  const { pause: _pause, ...rest } = order
  if (event.kind === 'sync.resumed') return { ...syncs, [capability]: { ...rest, state: 'running' } }
  const { version, at, by, because } = entry
  const pause = { version, at, by, ...(because === undefined ? {} : { because }) }
  return { ...syncs, [capability]: { ...rest, state: 'paused', pause } }
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  if (!Object.hasOwn(record, key)) return record
  const { [key]: _removed, ...rest } = record
  return rest
}
