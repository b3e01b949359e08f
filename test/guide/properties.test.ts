import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JournalEntry, JournalEvent } from '../../strangler/core/words.ts'
import { createWorld, EVIDENCE, findViolations, type World } from './guide-world.ts'

const percent = fc.option(fc.constantFrom(0, 5, 100, 33), { nil: undefined, freq: 4 })
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
)

const TAKE = { kind: 'next', override: 'all', because: true } as const

test('no sequence of commands and events reaches two owners, or a step whose gates were neither passed nor overridden', async () => {
  const reached = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.nat(12), fc.array(act, { minLength: 10, maxLength: 60 }), async (far, acts) => {
      const world = createWorld()
      // Somewhere on the way already; else most sequences would end before anything is owned.
      for (let step = 0; step < far; step += 1) await world.run(TAKE)
      for (const one of acts) await world.run(one)
      for (const step of stepsOf(world)) reached.add(step)
      expect(findViolations(world.entries)).toEqual([])
    }),
    { numRuns: 300 },
  )
  // The search has been where it matters.
  expect([...reached]).toEqual(expect.arrayContaining(['sync', 'shadow', 'canary', 'cutover', 'soak']))
})

test('a capability of which all is well is taken to the soak without a word', async () => {
  const world = createWorld()
  for (const what of EVIDENCE) await world.run({ kind: 'evidence', what, good: true })
  for (let step = 0; step < 30; step += 1) await world.run({ kind: 'next', override: 'all', because: true })
  expect(stepsOf(world).at(-1)).toBe('soak')
  expect(findViolations(world.entries)).toEqual([])
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

const stepsOf = ({ entries }: World) =>
  entries.flatMap(({ event }) => (event.kind === 'stage.entered' ? [event.step] : []))

const line = (event: JournalEvent, index: number): JournalEntry => ({
  ...{ version: index + 1, at: '2026-01-01T00:00:00.000Z', by: 'operator', event },
})
const entered = (step: 'choose' | 'observe', gates: never[] = []): JournalEvent => ({
  ...{ kind: 'stage.entered', capability: 'stock', step, stage: 'observe', profile: 'default', gates },
})

test.each<[string, JournalEvent[], string]>([
  ['a step without its gates', [entered('choose'), entered('observe')], 'asked none'],
  ['a step that was left out', [entered('observe')], 'does not follow'],
  [
    'a write beside the owner',
    [{ kind: 'route.set', endpoint: 'PUT /stock/:id', setting: { mode: 'service' }, unsafe: true }],
    'two owners',
  ],
])('the search would find %s', (_what, events, found) => {
  expect(findViolations(events.map(line)).join()).toContain(found)
})
