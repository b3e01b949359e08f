import { goBack } from '../../strangler/admin/guide/back-command.ts'
import { createFindingsCache } from '../../strangler/admin/guide/guide-sources.ts'
import type { StepAnswer } from '../../strangler/admin/guide/migrate-contracts.ts'
import { retireCapability } from '../../strangler/admin/guide/retire-command.ts'
import { takeNext } from '../../strangler/admin/guide/step-commands.ts'
import type { AdminContext } from '../../strangler/admin/present-state.ts'
import { StranglerError } from '../../strangler/core/errors.ts'
import type { JournalEntry, JournalEvent, RouteState, Side } from '../../strangler/core/words.ts'
import { GATE_PROFILES } from '../../strangler/guide/gate-profile.ts'
import { listPositions, stepOf } from '../../strangler/guide/plan.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { decide } from '../../strangler/routing/decide.ts'
import { ownerOf } from '../../strangler/routing/fold-cutover.ts'
import { EMPTY_STATE, foldJournal } from '../../strangler/routing/fold-journal.ts'
import { configOf, identityOf } from '../support/tables.ts'

const CAPABILITY = 'inventory'
const READ = 'GET /stock/:id'
const WRITE = 'PUT /stock/:id'
const CONFIG = configOf([READ, WRITE], { tables: ['stock'] })
const NOW = Date.parse('2026-06-01T12:00:00Z')
const DAY = 86_400_000

export const EVIDENCE = ['traffic', 'sync', 'lag', 'findings'] as const

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
  | { kind: 'event'; which: number }

export interface World {
  readonly entries: JournalEntry[]
  /** What the command has answered; undefined where it was refused, or none was given. */
  run(act: Act): Promise<StepAnswer | undefined>
}

/** The real commands on a journal in memory, with databases that are as the test says. */
export function createWorld(): World {
  const entries: JournalEntry[] = []
  const good = new Set<string>()
  let failing = false
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

  async function cutOver({ to }: { to: Side }) {
    const epoch = entries.length + 2
    const cutoverId = `c${epoch}`
    await say({ kind: 'cutover.started', capability: CAPABILITY, cutoverId, to, expiresAt: now + 5_000 })
    const done = failing ? 'hold.aborted' : 'hold.released'
    if (failing) await say({ kind: 'cutover.aborted', capability: CAPABILITY, cutoverId })
    else await say({ kind: 'owner.changed', capability: CAPABILITY, owner: to, epoch, cutoverId })
    await say({ kind: done, capability: CAPABILITY, holdId: cutoverId })
    // As the real one: what the journal has made of it counts.
    if (ownerOf(state(), CAPABILITY) !== to)
      throw new StranglerError('STRANGLER_CUTOVER_UNDONE', 'It took too long.')
    return { cutoverId, version: entries.length, heldMs: 1, steps: {}, undoneMs: [700] }
  }

  const count = { capability: CAPABILITY, target: 'monolith' as const, requests: 5_000, failures: 0 }
  const report = { startedAt: NOW, compared: 9, missing: 0, extra: 0, different: 0, inFlight: 0 }
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
        return {
          quarantine: [],
          strayWrites: [],
          verification: { state: 'done', report, epoch: state().syncs?.[CAPABILITY]?.epoch },
        }
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
    const author = (because: boolean) => ({
      role: 'operator' as const,
      ...(because ? { because: 'a reason' } : {}),
    })
    const common = {
      capability: CAPABILITY,
      expectedVersion: act.kind === 'late' ? entries.length - 1 : entries.length,
    }
    if (act.kind === 'late') return takeNext(context, { ...common, override: [] }, author(false))
    if (act.kind === 'back') return goBack(context, { ...common, ...act }, author(true))
    if (act.kind !== 'next' && act.kind !== 'retire') return undefined
    const override = gatesToPass(state(), act.override)
    const share = act.kind === 'next' && act.percent !== undefined ? { percent: act.percent } : {}
    if (act.kind === 'next') return takeNext(context, { ...common, override, ...share }, author(act.because))
    return retireCapability(context, { ...common, override }, author(act.because))
  }

  return {
    entries,
    async run(act) {
      now += 60_000
      if (act.kind === 'evidence' && act.good) good.add(act.what)
      if (act.kind === 'evidence' && !act.good) good.delete(act.what)
      if (act.kind === 'cut-overs') failing = act.fail
      if (act.kind === 'event') await say(events()[act.which]!)
      try {
        return await command(act)
      } catch (error) {
        // Refused, which is an answer.
        if (!(error instanceof StranglerError) || error.code === 'STRANGLER_INTERNAL') throw error
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

function followingOf(state: RouteState) {
  const positions = listPositions(GATE_PROFILES.default, true)
  const at = state.migrations?.[CAPABILITY]
  const index = positions.findIndex(({ step, percent }) => step === at?.step && percent === at.percent)
  return positions[at === undefined ? 0 : index + 1]
}

/** Every line of a journal that must not be there, in words. */
export function findViolations(entries: readonly JournalEntry[]): string[] {
  return entries.flatMap((entry, index) => {
    const before = foldJournal(EMPTY_STATE, entries.slice(0, index))
    const after = foldJournal(before, [entry])
    const found = entry.event.kind === 'stage.entered' ? judgeStep(entry, entry.event, before) : []
    return [...found, ...judgeOwners(after)].map((what) => `line ${entry.version}: ${what}`)
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
  const wanted = stepOf(step).gates.map(({ id }) => id)
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
