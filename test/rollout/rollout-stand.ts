import { StranglerError } from '../../strangler/core/errors.ts'
import type { JournalEntry, JournalEvent, Registration, Side } from '../../strangler/core/words.ts'
import { createCoordinator } from '../../strangler/rollout/coordinator.ts'
import type { CoordinatorOptions, CutoverDatabases, Left } from '../../strangler/rollout/ports.ts'
import { EMPTY_STATE, foldJournal } from '../../strangler/routing/fold-journal.ts'

const NOW = '2026-01-01T00:00:00.000Z'
const NOTHING_LEFT: Left = { pending: new Map(), refused: [] }

/** Two databases that do everything at once and have nothing left to carry. */
export function readyDatabases(changes: Partial<CutoverDatabases> = {}): CutoverDatabases {
  return {
    readTokens: async () => ({ target: 0, newest: 0 }),
    readLots: async () => false,
    prepare: async () => undefined,
    enter: async () => undefined,
    closeTarget: async () => undefined,
    closeSource: async () => undefined,
    openSource: async () => undefined,
    easeTarget: async () => undefined,
    openTarget: async () => undefined,
    hurry: () => undefined,
    readLeft: async () => NOTHING_LEFT,
    readiness: async () => ({ ...NOTHING_LEFT, lagMs: 0, obstacles: [] }),
    recentKeys: async () => new Map(),
    findDifferent: async () => new Map(),
    alignIdentities: async () => [],
    tryWayBack: async () => [],
    measureFence: async () => 1,
    stop: async () => undefined,
    ...changes,
  }
}

export interface RolloutStandOptions extends Partial<Pick<CoordinatorOptions, 'clock' | 'databaseClock'>> {
  readonly databases?: CutoverDatabases
  readonly registrations?: (state: typeof EMPTY_STATE) => readonly Registration[]
  readonly holdMs?: number
}

/** A coordinator over a journal in memory, in which the sync of `items` runs. */
export function startRolloutStand(options: RolloutStandOptions = {}) {
  const entries: JournalEntry[] = []
  let state = EMPTY_STATE
  const append = (event: JournalEvent, by = 'somebody') => {
    const entry = { version: state.version + 1, at: NOW, by, event }
    entries.push(entry)
    state = foldJournal(state, [entry])
    return entry
  }
  append({ kind: 'sync.started', capability: 'items', epoch: 1, backfill: true })
  const coordinator = createCoordinator({
    readState: async () => state,
    async append({ event, by, expectedVersion }) {
      if (expectedVersion !== state.version)
        throw new StranglerError('STRANGLER_VERSION_CONFLICT', 'It moved on.')
      return append(event, by)
    },
    listRegistrations: async () => options.registrations?.(state) ?? [],
    holdLease: async () => true,
    openDatabases: async () => options.databases ?? readyDatabases(),
    holdMs: options.holdMs ?? 3_000,
    report: () => undefined,
    clock: options.clock ?? Date.now,
    databaseClock: options.databaseClock ?? (async () => Date.now()),
  })
  return {
    append,
    coordinator,
    lines: () => entries.map(({ event }) => event.kind).slice(1),
    expiries: () =>
      entries.flatMap(({ event }) => (event.kind === 'cutover.started' ? [event.expiresAt] : [])),
    state: () => state,
    cutOver: (to: Side = 'service', lose?: number) =>
      coordinator.cutOver({ capability: 'items', to, expectedVersion: state.version, by: 'operator', lose }),
  }
}

/** A proxy that acknowledges whatever it is asked, unless a test says otherwise. */
export function proxyOf(
  { version, announced, holds }: typeof EMPTY_STATE,
  changes: Partial<Registration> = {},
): Registration {
  const asked = [announced?.['items'], holds['items']?.id]
  return {
    ...{
      id: 'proxy-1',
      kind: 'proxy',
      host: 'here',
      pid: 1,
      startedAt: NOW,
      seenAt: new Date().toISOString(),
    },
    tableVersion: version,
    holdsAcknowledged: asked.filter((id) => id !== undefined),
    ...changes,
  }
}
