import { createFindingsCache } from '../../strangler/admin/guide/guide-sources.ts'
import type { StepAnswer } from '../../strangler/admin/guide/migrate-contracts.ts'
import type { AdminContext } from '../../strangler/admin/present-state.ts'
import { StranglerError } from '../../strangler/core/errors.ts'
import type { KeptTraffic } from '../../strangler/core/traffic-words.ts'
import type { JournalEntry, JournalEvent, RouteState } from '../../strangler/core/words.ts'
import { checkJournal, checkReadiness } from '../../strangler/rollout/check-cutover.ts'
import type { CutoverRequest } from '../../strangler/rollout/cut-over.ts'
import { refuse } from '../../strangler/rollout/standing.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { ownerOf } from '../../strangler/routing/fold-cutover.ts'
import { EMPTY_STATE, foldJournal } from '../../strangler/routing/fold-journal.ts'
import { giveCommand } from './give-command.ts'
import { CAPABILITY, CONFIG, READ, WRITE } from './world-setting.ts'

const NOW = Date.parse('2026-06-01T12:00:00Z')
const DAY = 86_400_000

export const EVIDENCE = ['traffic', 'sync', 'lag', 'findings'] as const

export const SYNC_CHANGES = ['install', 'backfill', 'pause', 'resume', 'uninstall'] as const

/** A comparison of all rows, as it was: the truth that gates are held against. */
export interface Compared {
  /** The journal's, when it was made. */
  readonly version: number
  readonly epoch: number
  readonly same: boolean
}

export type Act =
  | {
      kind: 'next' | 'retire'
      override: 'none' | 'all' | 'one'
      because: boolean
      percent?: number | undefined
    }
  | { kind: 'back'; toStart: boolean; uninstall: boolean; percent?: number | undefined }
  /** Somebody decides on a journal that has moved on. */
  | { kind: 'late' }
  | { kind: 'evidence'; what: (typeof EVIDENCE)[number]; good: boolean }
  | { kind: 'cut-overs'; fail: boolean }
  /** Every row is compared. */
  | { kind: 'verify'; same: boolean }
  | { kind: 'sync'; change: (typeof SYNC_CHANGES)[number]; unsafe: boolean; because: boolean }
  | { kind: 'event'; which: number }

export interface World {
  readonly entries: JournalEntry[]
  readonly compared: Compared[]
  /** What was refused last, and how that is mended. */
  readonly refused: string | undefined
  /** What the command has answered; undefined where it was refused, or none was given. */
  run(act: Act): Promise<StepAnswer | undefined>
}

/**
 * The real commands on a journal in memory, with databases that are as the test says.
 * @param mistakesEpochs broken on purpose: what was compared in an earlier epoch is told as of this one
 */
export function createWorld({ mistakesEpochs = false } = {}): World {
  const compared: (Compared & { readonly at: number })[] = []
  const good = new Set<string>()
  let failing = false
  let refused: string | undefined
  let now = NOW
  const journal = createMemoryJournal(() => now)
  const { entries, say } = journal
  const orderNow = () => journal.state().syncs?.[CAPABILITY]
  const context = createContext(journal, {
    now: () => now,
    isGood: (what) => good.has(what),
    isFailing: () => failing,
    verification() {
      const newest = compared.at(-1)
      if (newest === undefined) return undefined
      const { at, epoch, same } = newest
      const counts = { compared: 9, missing: 0, extra: 0, different: same ? 0 : 1, inFlight: 0 }
      const told = mistakesEpochs ? orderNow()?.epoch : epoch
      return { state: 'done', report: { startedAt: at, ...counts }, epoch: told }
    },
  })

  return {
    entries,
    compared,
    get refused() {
      return refused
    },
    async run(act) {
      now += 60_000
      if (act.kind === 'evidence' && act.good) good.add(act.what)
      if (act.kind === 'evidence' && !act.good) good.delete(act.what)
      if (act.kind === 'cut-overs') failing = act.fail
      const epoch = orderNow()?.epoch
      if (act.kind === 'verify' && epoch !== undefined)
        compared.push({ version: entries.length, epoch, same: act.same, at: now })
      if (act.kind === 'event') await say(EVENTS[act.which]!)
      try {
        return await giveCommand(context, journal, act)
      } catch (error) {
        // Refused, which is an answer.
        if (!(error instanceof StranglerError) || error.code === 'STRANGLER_INTERNAL') throw error
        refused = `${error.message} ${error.fix}`
        return undefined
      }
    },
  }
}

/** What anybody may bring into a journal past the commands. */
const EVENTS: readonly JournalEvent[] = [
  { kind: 'route.set', endpoint: WRITE, setting: { mode: 'service' } },
  { kind: 'route.set', endpoint: READ, setting: { mode: 'canary', percent: 50 } },
  { kind: 'route.cleared', endpoint: WRITE },
  { kind: 'owner.changed', capability: CAPABILITY, owner: 'service', epoch: 99, cutoverId: 'from nowhere' },
  { kind: 'hold.released', capability: CAPABILITY, holdId: 'from nowhere' },
  { kind: 'sync.paused', capability: CAPABILITY },
]

export interface MemoryJournal extends Pick<AdminContext['journal'], 'append'> {
  readonly entries: JournalEntry[]
  state(): RouteState
  say(event: JournalEvent): Promise<JournalEntry>
}

function createMemoryJournal(now: () => number): MemoryJournal {
  const entries: JournalEntry[] = []
  const append: MemoryJournal['append'] = async ({ event, by, because, expectedVersion }) => {
    if (expectedVersion !== entries.length)
      throw new StranglerError('STRANGLER_VERSION_CONFLICT', 'It has moved on.')
    const at = new Date(now()).toISOString()
    const reason = because === undefined ? {} : { because }
    const entry = { version: entries.length + 1, at, by, event, ...reason }
    entries.push(entry)
    return entry
  }
  return {
    entries,
    append,
    state: () => foldJournal(EMPTY_STATE, entries),
    say: (event) => append({ event, by: 'kit', expectedVersion: entries.length }),
  }
}

/** What the test says of the databases. */
interface Surroundings {
  now(): number
  isGood(what: (typeof EVIDENCE)[number]): boolean
  /** Cut-overs are undone. */
  isFailing(): boolean
  verification(): unknown
}

function createContext(journal: MemoryJournal, around: Surroundings): AdminContext {
  const { now, isGood, verification } = around
  const { entries, append, state } = journal
  return {
    config: CONFIG,
    clock: now,
    currentState: state,
    currentTable: () => compileTable(CONFIG, state()),
    journal: { append, read: async (after: number) => entries.slice(after) },
    sync: {
      install: async () => undefined,
      uninstall: async () => undefined,
      diagnose: async () =>
        isGood('findings') ? [{ capability: CAPABILITY, tables: ['stock'], findings: [] }] : [],
      async status() {
        if (!isGood('sync')) throw new Error('The database does not answer.')
        return { quarantine: [], strayWrites: [], verification: verification() }
      },
    },
    rollout: { cutOver: (request: CutoverRequest) => cutOver(journal, around, request) },
    guide: {
      traffic: { read: async () => (isGood('traffic') ? MUCH_TRAFFIC : NO_TRAFFIC) },
      lagOf: () => (isGood('lag') ? { p99Ms: () => 5, watchedMs: DAY, worstMs: () => 5 } : undefined),
      findings: createFindingsCache(now),
      evidence: { read: async () => ({}) },
    },
    // Only what the commands ask of them.
  } as unknown as AdminContext
}

const COUNT = { capability: CAPABILITY, target: 'monolith' as const, requests: 5_000, failures: 0 }
const MUCH_TRAFFIC: KeptTraffic = {
  since: NOW - DAY,
  counts: [READ, WRITE].map((endpoint) => ({ ...COUNT, endpoint, entered: 0, lastAt: NOW })),
  looks: [{ capability: CAPABILITY, entered: 0, failuresInRow: 0, failuresOfLast300: 0, proxyP99Ms: 1 }],
  soaks: new Map(),
}
const NO_TRAFFIC: KeptTraffic = { since: undefined, counts: [], looks: [], soaks: new Map() }

/** What the real one asks before it begins; then it holds, decides and lets go at once. */
async function cutOver(
  journal: MemoryJournal,
  { now, isGood, isFailing }: Surroundings,
  { to, expectedVersion, by, because, lose = 0 }: CutoverRequest,
) {
  const { entries, append, say, state } = journal
  const lagMs = isGood('lag') ? lagOf(state()) : undefined
  const failing = isFailing()
  const basis = { capability: CAPABILITY, to, lose }
  refuse(CAPABILITY, checkJournal({ ...basis, state: state(), registrations: [], now: now() }))
  refuse(CAPABILITY, checkReadiness({ ...NOTHING_LEFT, lagMs }, basis))
  const epoch = entries.length + 2
  const cutoverId = `c${epoch}`
  const event = { kind: 'cutover.started', capability: CAPABILITY, cutoverId, to } as const
  await append({
    ...{ event: { ...event, expiresAt: now() + 5_000 }, by, expectedVersion },
    ...(because === undefined ? {} : { because }),
  })
  const done = failing ? 'hold.aborted' : 'hold.released'
  if (failing) await say({ kind: 'cutover.aborted', capability: CAPABILITY, cutoverId })
  else await say({ kind: 'owner.changed', capability: CAPABILITY, owner: to, epoch, cutoverId })
  await say({ kind: done, capability: CAPABILITY, holdId: cutoverId })
  // As the real one: what the journal has made of it counts.
  if (ownerOf(state(), CAPABILITY) !== to)
    throw new StranglerError('STRANGLER_CUTOVER_UNDONE', 'It took too long.')
  return { cutoverId, version: entries.length, heldMs: 1, steps: {}, undoneMs: [700] }
}

const NOTHING_LEFT = { refused: [], pending: new Map(), obstacles: [] }

/** Unknown while the other side is no whole copy, or nothing is carried to it. */
function lagOf(state: RouteState): number | undefined {
  const order = state.syncs?.[CAPABILITY]
  const isWhole = order?.backfill === true || order?.whole === true
  return isWhole && order.state === 'running' ? 5 : undefined
}
