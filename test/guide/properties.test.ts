import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JournalEntry, JournalEvent } from '../../strangler/core/words.ts'
import { findViolations } from './find-violations.ts'
import { type Act, createWorld, EVIDENCE, SYNC_CHANGES, type World } from './guide-world.ts'

// Mostly none: most shares are refused from most places.
const percent = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom(0, 5, 100, 33) },
)
const override = fc.constantFrom('none', 'all', 'one')
const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('next' as const), override, because: fc.boolean(), percent }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('back' as const),
      toStart: fc.boolean(),
      uninstall: fc.boolean(),
      percent,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('retire' as const), override, because: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('late' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('evidence' as const),
      what: fc.constantFrom(...EVIDENCE),
      good: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut-overs' as const), fail: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('event' as const), which: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('verify' as const), same: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('sync' as const),
      change: fc.constantFrom(...SYNC_CHANGES),
      unsafe: fc.boolean(),
      because: fc.boolean(),
    }),
  },
)

const TAKE = { kind: 'next', override: 'all', because: true } as const
const FARTHEST = 12
const SLOW_MS = 120_000

interface Search {
  readonly acts?: fc.Arbitrary<Act>
  readonly world?: Parameters<typeof createWorld>[0]
}

/** Any commands and events, from somewhere on the way, where all rows were compared somewhere: else most sequences would end before anything is owned, or proven. */
const anySequence = (judge: (world: World) => void, { acts = act, world: options }: Search = {}) =>
  fc.asyncProperty(
    fc.nat(FARTHEST),
    fc.nat(FARTHEST),
    fc.array(acts, { minLength: 10, maxLength: 60 }),
    async (far, comparedAt, sequence) => {
      const world = createWorld(options)
      for (const what of EVIDENCE) await world.run({ kind: 'evidence', what, good: true })
      for (let step = 0; step < far; step += 1) {
        if (step === comparedAt) await world.run({ kind: 'verify', same: true })
        await world.run(TAKE)
      }
      for (const one of sequence) await world.run(one)
      judge(world)
    },
  )

test(
  'no sequence of commands and events reaches two owners, an owner without sync running or proven equality, or a step whose gates were neither passed nor overridden',
  async () => {
    const reached = new Set<string>()
    let [proven, waived] = [0, 0]
    await fc.assert(
      anySequence((world) => {
        for (const step of stepsOf(world)) reached.add(step)
        for (const { event } of world.entries) {
          if (event.kind !== 'stage.entered' || event.step !== 'cutover') continue
          if (event.overridden?.includes('verify-clean')) waived += 1
          else proven += 1
        }
        expect(findViolations(world.entries, world.compared)).toEqual([])
      }),
      { numRuns: 300 },
    )
    // The search has been where it matters.
    expect([...reached]).toEqual(expect.arrayContaining(['sync', 'shadow', 'canary', 'cutover', 'soak']))
    expect(Math.min(proven, waived)).toBeGreaterThan(0)
  },
  SLOW_MS,
)

test(
  'a search for owners without proof finds none, and finds one where a comparison of an earlier epoch is taken for one of this',
  async () => {
    const judge = ({ entries, compared }: World) => {
      const found = findViolations(entries, compared)
      if (found.length > 0) throw new Error(found.join())
    }
    const command = { unsafe: false, because: true }
    const acts = fc.constantFrom<Act>(
      TAKE,
      { kind: 'verify', same: true },
      { kind: 'verify', same: false },
      { kind: 'sync', change: 'backfill', ...command },
      { kind: 'back', toStart: false, uninstall: false },
    )
    await fc.assert(anySequence(judge, { acts }), { numRuns: 50 })
    const broken = anySequence(judge, { acts, world: { mistakesEpochs: true } })
    const { errorInstance } = await fc.check(broken, { numRuns: 500, endOnFailure: true })
    expect(String(errorInstance)).toContain('was not proven to be the same')
  },
  SLOW_MS,
)

test('a capability of which all is well is taken to the soak without a word', async () => {
  const world = createWorld()
  for (const what of EVIDENCE) await world.run({ kind: 'evidence', what, good: true })
  for (let step = 0; step < 30; step += 1) await world.run({ kind: 'next', override: 'all', because: true })
  expect(stepsOf(world).at(-1)).toBe('soak')
  expect(findViolations(world.entries, world.compared)).toEqual([])
})

test('a cut-over is refused as long as the sync is paused or uninstalled, although every gate is waived', async () => {
  const world = createWorld()
  for (const what of EVIDENCE) await world.run({ kind: 'evidence', what, good: true })
  for (let step = 0; step < 30 && !isAtEnd(world); step += 1) await world.run(TAKE)
  const change = (what: (typeof SYNC_CHANGES)[number], unsafe = false) =>
    world.run({ kind: 'sync', change: what, unsafe, because: true })
  const moves = () => world.entries.filter(({ event }) => event.kind === 'owner.changed').length
  await change('pause')
  expect(await world.run(TAKE)).toBeUndefined()
  await change('resume')
  await change('uninstall')
  expect(await world.run(TAKE)).toBeUndefined()
  // Installed, and not filled yet.
  await change('install')
  expect(await world.run(TAKE)).toBeUndefined()
  expect(moves()).toBe(0)
  await change('backfill')
  expect((await world.run(TAKE))?.position.step).toBe('cutover')
  expect(moves()).toBe(1)
})

test('a sync is taken from under the service for a reason only, and by retiring; what leads there is said', async () => {
  const world = createWorld()
  for (const what of EVIDENCE) await world.run({ kind: 'evidence', what, good: true })
  for (let step = 0; step < 30; step += 1) await world.run(TAKE)
  const isThere = () => !world.entries.some(({ event }) => event.kind === 'sync.ended')
  for (const [unsafe, because] of [
    [false, false],
    [false, true],
    [true, false],
  ] as const) {
    await world.run({ kind: 'sync', change: 'uninstall', unsafe, because })
    expect(isThere()).toBe(true)
    expect(world.refused).toMatch(
      /`strangler migrate inventory back`.*`strangler migrate inventory retire`.*--unsafe --because/,
    )
  }
  await world.run({ kind: 'retire', override: 'all', because: true })
  expect(isThere()).toBe(false)
  expect(findViolations(world.entries, world.compared)).toEqual([])
})

test('a step that moves the ownership says how long the holds were that were undone and tried again, either way', async () => {
  const world = createWorld()
  for (const what of EVIDENCE) await world.run({ kind: 'evidence', what, good: true })
  const answers = []
  for (let step = 0; step < 30; step += 1) answers.push(await world.run(TAKE))
  answers.push(await world.run({ kind: 'back', toStart: false, uninstall: false, percent: undefined }))
  const moved = answers.filter((answer) => answer?.heldMs !== undefined)
  expect(moved.map((answer) => answer?.position.step)).toEqual(['cutover', expect.any(String)])
  for (const answer of moved) expect(answer?.undoneMs).toEqual([700])
})

/** The next step is the cut-over. */
const isAtEnd = ({ entries }: World) => {
  const last = entries.findLast(({ event }) => event.kind === 'stage.entered')?.event
  return last?.kind === 'stage.entered' && last.percent === 100
}
const stepsOf = ({ entries }: World) =>
  entries.flatMap(({ event }) => (event.kind === 'stage.entered' ? [event.step] : []))

const line = (event: JournalEvent, index: number): JournalEntry => ({
  ...{ version: index + 1, at: '2026-01-01T00:00:00.000Z', by: 'operator', event },
})
const entered = (step: 'choose' | 'observe', gates: never[] = []): JournalEvent => ({
  ...{ kind: 'stage.entered', capability: 'stock', step, stage: 'observe', profile: 'default', gates },
})

const SYNCED: JournalEvent = { kind: 'sync.started', capability: 'inventory', epoch: 1, backfill: true }
const CUT_OVER = { capability: 'inventory', cutoverId: 'c' } as const
const STARTED: JournalEvent = { kind: 'cutover.started', ...CUT_OVER, to: 'service', expiresAt: 1 }
const MOVED: JournalEvent = { kind: 'owner.changed', ...CUT_OVER, owner: 'service', epoch: 3 }

test.each<[string, JournalEvent[], string]>([
  ['a step without its gates', [entered('choose'), entered('observe')], 'asked none'],
  ['a step that was left out', [entered('observe')], 'does not follow'],
  [
    'a write beside the owner',
    [{ kind: 'route.set', endpoint: 'PUT /stock/:id', setting: { mode: 'service' }, unsafe: true }],
    'two owners',
  ],
  [
    'a decision while the sync is paused',
    [SYNCED, STARTED, { kind: 'sync.paused', capability: 'inventory' }, MOVED],
    'without its sync running',
  ],
  ['an owner whose rows nobody has compared', [SYNCED, STARTED, MOVED], 'not proven'],
  [
    'a sync that is taken from under the owner',
    [SYNCED, STARTED, MOVED, { kind: 'sync.ended', capability: 'inventory' }],
    'is taken out',
  ],
])('the search would find %s', (_what, events, found) => {
  expect(findViolations(events.map(line)).join()).toContain(found)
})
