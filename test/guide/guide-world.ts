import { goBack } from '../../strangler/admin/guide/back-command.ts'
import { createFindingsCache } from '../../strangler/admin/guide/guide-sources.ts'
import type { StepAnswer } from '../../strangler/admin/guide/migrate-contracts.ts'
import { retireCapability } from '../../strangler/admin/guide/retire-command.ts'
import { takeNext } from '../../strangler/admin/guide/step-commands.ts'
import type { AdminContext, Author } from '../../strangler/admin/present-state.ts'
import { backfillSync, installSync, pauseSync, uninstallSync } from '../../strangler/admin/sync-commands.ts'
import { StranglerError } from '../../strangler/core/errors.ts'
import type { JournalEntry, JournalEvent, RouteState } from '../../strangler/core/words.ts'
import { GATE_PROFILES } from '../../strangler/guide/gate-profile.ts'
import { listPositions, stepOf } from '../../strangler/guide/plan.ts'
import { checkJournal, checkReadiness } from '../../strangler/rollout/check-cutover.ts'
import type { CutoverRequest } from '../../strangler/rollout/cut-over.ts'
import { refuse } from '../../strangler/rollout/standing.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { ownerOf } from '../../strangler/routing/fold-cutover.ts'
import { EMPTY_STATE, foldJournal } from '../../strangler/routing/fold-journal.ts'
import { configOf } from '../support/tables.ts'

export const CAPABILITY = 'inventory'
const READ = 'GET /stock/:id'
const WRITE = 'PUT /stock/:id'
export const CONFIG = configOf([READ, WRITE], { tables: ['stock'] })
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
  const entries: JournalEntry[] = []
  const compared: (Compared & { readonly at: number })[] = []
  const good = new Set<string>()
  let failing = false
  let refused: string | undefined
  let now = NOW
  const state = () => foldJournal(EMPTY_STATE, entries)
  async function append({
    event,
    by,
    because,
    expectedVersion,
  }: Parameters<AdminContext['journal']['append']>[0]) {
    if (expectedVersion !== entries.length)
      throw new StranglerError('STRANGLER_VERSION_CONFLICT', 'It has moved on.')
    const at = new Date(now).toISOString()
    const entry = {
      version: entries.length + 1,
      at,
      by,
      event,
      ...(because === undefined ? {} : { because }),
    }
    entries.push(entry)
    return entry
  }
  const say = (event: JournalEvent) => append({ event, by: 'kit', expectedVersion: entries.length })

  /** What the real one asks before it begins; then it holds, decides and lets go at once. */
  async function cutOver({ to, expectedVersion, by, because, lose = 0 }: CutoverRequest) {
    const basis = { capability: CAPABILITY, to, lose }
    refuse(CAPABILITY, checkJournal({ ...basis, state: state(), registrations: [], now }))
    refuse(CAPABILITY, checkReadiness({ ...nothingLeft, lagMs: lagMs() }, basis))
    const epoch = entries.length + 2
    const cutoverId = `c${epoch}`
    const event = { kind: 'cutover.started', capability: CAPABILITY, cutoverId, to } as const
    await append({
      ...{ event: { ...event, expiresAt: now + 5_000 }, by, expectedVersion },
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

  const nothingLeft = { refused: [], pending: new Map(), obstacles: [] }
  const orderNow = () => state().syncs?.[CAPABILITY]
  /** Unknown while the other side is no whole copy, or nothing is carried to it. */
  function lagMs(): number | undefined {
    const order = orderNow()
    const isWhole = order?.backfill === true || order?.whole === true
    return isWhole && order.state === 'running' && good.has('lag') ? 5 : undefined
  }
  function verification() {
    const newest = compared.at(-1)
    if (newest === undefined) return undefined
    const { at, epoch, same } = newest
    const report = { startedAt: at, compared: 9, missing: 0, extra: 0, different: same ? 0 : 1, inFlight: 0 }
    return { state: 'done', report, epoch: mistakesEpochs ? orderNow()?.epoch : epoch }
  }

  const count = { capability: CAPABILITY, target: 'monolith' as const, requests: 5_000, failures: 0 }
  const context = {
    config: CONFIG,
    clock: () => now,
    currentState: state,
    currentTable: () => compileTable(CONFIG, state()),
    journal: { append, read: async (after: number) => entries.slice(after) },
    sync: {
      install: async () => undefined,
      uninstall: async () => undefined,
      diagnose: async () =>
        good.has('findings') ? [{ capability: CAPABILITY, tables: ['stock'], findings: [] }] : [],
      async status() {
        if (!good.has('sync')) throw new Error('The database does not answer.')
        return { quarantine: [], strayWrites: [], verification: verification() }
      },
    },
    rollout: { cutOver },
    guide: {
      traffic: {
        read: async () => ({
          since: good.has('traffic') ? NOW - DAY : undefined,
          counts: good.has('traffic')
            ? [READ, WRITE].map((endpoint) => ({ ...count, endpoint, entered: 0, lastAt: NOW }))
            : [],
          looks: good.has('traffic')
            ? [{ capability: CAPABILITY, entered: 0, failuresInRow: 0, failuresOfLast300: 0, proxyP99Ms: 1 }]
            : [],
          soaks: new Map(),
        }),
      },
      lagOf: () => (good.has('lag') ? { p99Ms: () => 5, watchedMs: DAY, worstMs: () => 5 } : undefined),
      findings: createFindingsCache(() => now),
      evidence: { read: async () => ({}) },
    },
    // Only what the commands ask of them.
  } as unknown as AdminContext

  const events = (): JournalEvent[] => [
    { kind: 'route.set', endpoint: WRITE, setting: { mode: 'service' } },
    { kind: 'route.set', endpoint: READ, setting: { mode: 'canary', percent: 50 } },
    { kind: 'route.cleared', endpoint: WRITE },
    { kind: 'owner.changed', capability: CAPABILITY, owner: 'service', epoch: 99, cutoverId: 'from nowhere' },
    { kind: 'hold.released', capability: CAPABILITY, holdId: 'from nowhere' },
    { kind: 'sync.paused', capability: CAPABILITY },
  ]

  async function command(act: Act): Promise<StepAnswer | undefined> {
    const author = (because: boolean): Author => ({
      role: 'operator',
      ...(because ? { because: 'a reason' } : {}),
    })
    const common = {
      capability: CAPABILITY,
      expectedVersion: act.kind === 'late' ? entries.length - 1 : entries.length,
    }
    if (act.kind === 'late') return takeNext(context, { ...common, override: [] }, author(false))
    if (act.kind === 'sync') {
      const { change, unsafe } = act
      if (change === 'install') await installSync(context, common, author(act.because))
      else if (change === 'backfill') await backfillSync(context, common, author(act.because))
      else if (change === 'uninstall')
        await uninstallSync(context, { ...common, unsafe }, author(act.because))
      else {
        const kind = change === 'pause' ? 'sync.paused' : 'sync.resumed'
        await pauseSync(context, { ...common, kind }, author(act.because))
      }
      return undefined
    }
    if (act.kind === 'back') return goBack(context, { ...common, ...act }, author(true))
    if (act.kind !== 'next' && act.kind !== 'retire') return undefined
    const override = gatesToPass(state(), act.override)
    const share = act.kind === 'next' && act.percent !== undefined ? { percent: act.percent } : {}
    if (act.kind === 'next') return takeNext(context, { ...common, override, ...share }, author(act.because))
    return retireCapability(context, { ...common, override }, author(act.because))
  }

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
      if (act.kind === 'event') await say(events()[act.which]!)
      try {
        return await command(act)
      } catch (error) {
        // Refused, which is an answer.
        if (!(error instanceof StranglerError) || error.code === 'STRANGLER_INTERNAL') throw error
        refused = `${error.message} ${error.fix}`
        return undefined
      }
    },
  }
}

function gatesToPass(state: RouteState, which: 'none' | 'all' | 'one'): string[] {
  const next = followingOf(state)
  if (next === undefined || which === 'none') return []
  const ids = stepOf(next.step).gates.map(({ id }) => id)
  return which === 'all' ? ids : ids.slice(0, 1)
}

/** The step after the one at which a journal stands. */
export function followingOf(state: RouteState) {
  const positions = listPositions(GATE_PROFILES.default, true)
  const at = state.migrations?.[CAPABILITY]
  const index = positions.findIndex(({ step, percent }) => step === at?.step && percent === at.percent)
  return positions[at === undefined ? 0 : index + 1]
}
