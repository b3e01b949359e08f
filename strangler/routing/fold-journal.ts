import type { Hold, JournalEntry, Override, RouteState } from '../core/words.ts'

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
      return { ...state, version, holds: endHold(state.holds, event.capability, event.holdId) }
    case 'proxy.evicted':
      return { ...state, version }
    case 'sync.started':
    case 'sync.paused':
    case 'sync.resumed':
    case 'sync.ended':
      return { ...state, version, syncs: foldSync(state.syncs ?? {}, event) }
  }
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

function endHold(holds: Holds, capability: string, holdId: string): Holds {
  return Object.hasOwn(holds, capability) && holds[capability]?.id === holdId
    ? without(holds, capability)
    : holds
}

type Syncs = NonNullable<RouteState['syncs']>
type SyncEvent = Extract<JournalEntry['event'], { kind: `sync.${string}` }>

function foldSync(syncs: Syncs, event: SyncEvent): Syncs {
  const { capability } = event
  if (event.kind === 'sync.ended') return without(syncs, capability)
  if (event.kind === 'sync.started') {
    const backfill = event.backfill === true ? { backfill: true as const } : {}
    return { ...syncs, [capability]: { epoch: event.epoch, state: 'running', ...backfill } }
  }
  const order = syncs[capability]
  // A pause of what has ended says nothing.
  if (order === undefined) return syncs
  return { ...syncs, [capability]: { ...order, state: event.kind === 'sync.paused' ? 'paused' : 'running' } }
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  if (!Object.hasOwn(record, key)) return record
  const { [key]: _removed, ...rest } = record
  return rest
}
