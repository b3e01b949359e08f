import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JournalEvent } from '../../strangler/core/words.ts'
import { type CopyState, checkToggle } from '../../strangler/routing/check-toggle.ts'
import { EMPTY_STATE, foldJournal } from '../../strangler/routing/fold-journal.ts'
import { stateOf, tableOf, toEntry } from '../support/tables.ts'

const event: fc.Arbitrary<JournalEvent> = fc.oneof(
  fc.record({
    kind: fc.constant('route.set' as const),
    endpoint: fc.constantFrom('GET /a', 'GET /b'),
    setting: fc.constantFrom({ mode: 'service' as const }, { mode: 'canary' as const, percent: 5 }),
    salt: fc.constantFrom(
      { capability: 'inventory', value: 'one' },
      { capability: 'inventory', value: 'two' },
    ),
  }),
  fc.record({ kind: fc.constant('route.cleared' as const), endpoint: fc.constantFrom('GET /a', 'GET /b') }),
  fc.record({
    kind: fc.constant('hold.started' as const),
    capability: fc.constant('inventory'),
    holdId: fc.constantFrom('h1', 'h2'),
    expiresAt: fc.constant(1),
  }),
  fc.record({
    kind: fc.constantFrom('hold.fenced' as const, 'hold.released' as const, 'hold.aborted' as const),
    capability: fc.constant('inventory'),
    holdId: fc.constantFrom('h1', 'h2'),
  }),
  fc.record({
    kind: fc.constant('sync.started' as const),
    capability: fc.constant('inventory'),
    epoch: fc.nat(9),
  }),
  fc.record({
    kind: fc.constantFrom('sync.paused' as const, 'sync.resumed' as const, 'sync.ended' as const),
    capability: fc.constant('inventory'),
  }),
)

test('folding in pieces, and again, gives what folding at once gives', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), fc.nat(20), (events, cut) => {
      const entries = events.map(toEntry)
      const whole = foldJournal(EMPTY_STATE, entries)
      const pieces = foldJournal(foldJournal(EMPTY_STATE, entries.slice(0, cut)), entries)
      expect(pieces).toEqual(whole)
      expect(whole.version).toBe(entries.length)
    }),
  )
})

test('a gap is not folded over', () => {
  const cleared: JournalEvent = { kind: 'route.cleared', endpoint: 'GET /a' }
  expect(() => foldJournal(EMPTY_STATE, [toEntry(cleared, 1)])).toThrow(/gap/)
})

test('the salt of a rollout is fixed by its first canary', () => {
  const canary = (value: string): JournalEvent => ({
    kind: 'route.set',
    endpoint: 'GET /a',
    setting: { mode: 'canary', percent: 1 },
    salt: { capability: 'inventory', value },
  })
  expect(
    stateOf([canary('first'), { kind: 'route.cleared', endpoint: 'GET /a' }, canary('second')]).salts,
  ).toEqual({ inventory: 'first' })
})

test('a late word about an older hold does not touch the present one', () => {
  const started = (holdId: string): JournalEvent => ({
    kind: 'hold.started',
    capability: 'inventory',
    holdId,
    expiresAt: 9,
  })
  const ended = (kind: 'hold.released' | 'hold.fenced', holdId: string): JournalEvent => ({
    kind,
    capability: 'inventory',
    holdId,
  })
  const state = stateOf([
    started('old'),
    started('new'),
    ended('hold.fenced', 'old'),
    ended('hold.released', 'old'),
  ])
  expect(state.holds['inventory']).toMatchObject({ id: 'new', phase: 'holding' })
  expect(stateOf([started('new'), ended('hold.fenced', 'new')]).holds['inventory']?.phase).toBe('fenced')
  expect(stateOf([started('new'), ended('hold.released', 'new')]).holds).toEqual({})
})

test('with tables, a toggle that splits ownership or reads an unkept copy is refused with its reason', () => {
  const table = tableOf(['GET /a', 'POST /a'], { tables: ['stock'] })
  const [read, write] = table.routes
  if (read === undefined || write === undefined) throw new Error('two routes were expected')
  expect(checkToggle(write, { mode: 'service' }, { unsafe: false })).toMatchObject({
    pass: false,
    reason: expect.stringContaining('split'),
  })
  expect(checkToggle(read, { mode: 'canary', percent: 1 }, { unsafe: false })).toMatchObject({ pass: false })
  expect(checkToggle(read, { mode: 'canary', percent: 0 }, { unsafe: false }).pass).toBe(true)
  expect(checkToggle(write, { mode: 'service' }, { unsafe: true }).pass).toBe(true)
  expect(checkToggle(write, { mode: 'monolith' }, { unsafe: false }).pass).toBe(true)
})

test('reads may leave the owner for a copy that is filled and kept, and for no other; writes never', () => {
  const table = tableOf(['GET /a', 'POST /a'], { tables: ['stock'] })
  const [read, write] = table.routes
  if (read === undefined || write === undefined) throw new Error('two routes were expected')
  const running = { epoch: 1, state: 'running', backfill: true } as const
  const kept = { order: running, lagMs: 40 }
  const check = (route: typeof read, copy: CopyState) =>
    checkToggle(route, { mode: 'canary', percent: 50 }, { unsafe: false, copy })
  expect(check(read, kept)).toEqual({ pass: true })
  expect(checkToggle(read, { mode: 'service' }, { unsafe: false, copy: kept })).toEqual({ pass: true })
  expect(check(write, kept)).toMatchObject({ pass: false, reason: expect.stringContaining('split') })
  const refusals: [CopyState, string, string][] = [
    [{}, 'no sync keeps', 'strangler sync install inventory'],
    [{ order: { ...running, state: 'paused' }, lagMs: 40 }, 'paused', 'strangler sync resume inventory'],
    [
      { order: { epoch: 1, state: 'running' }, lagMs: 40 },
      'not been filled',
      'strangler sync backfill inventory',
    ],
    [{ order: running }, 'not filled yet', 'strangler sync status inventory'],
  ]
  for (const [copy, reason, fix] of refusals)
    expect(check(read, copy)).toMatchObject({
      pass: false,
      reason: expect.stringContaining(reason),
      fix: expect.stringContaining(fix),
    })
})

test('once writes go to the service of a capability without tables, the service owns', () => {
  const set = (endpoint: string, percent: number): JournalEvent => ({
    kind: 'route.set',
    endpoint,
    setting: { mode: 'canary', percent },
  })
  const ownerAfter = (events: JournalEvent[]) =>
    tableOf(['GET /a', 'POST /a'], {}, events).capabilities.get('inventory')?.owner
  expect(ownerAfter([])).toBe('monolith')
  expect(ownerAfter([set('GET /a', 100)])).toBe('monolith')
  expect(ownerAfter([set('POST /a', 0)])).toBe('monolith')
  expect(ownerAfter([set('POST /a', 1)])).toBe('service')
})

test('a sync runs in its newest epoch until it is paused or ended; a pause of what has ended says nothing', () => {
  const capability = 'inventory'
  const begun: JournalEvent[] = [
    { kind: 'sync.started', capability, epoch: 1 },
    { kind: 'sync.paused', capability },
    { kind: 'sync.started', capability, epoch: 3, backfill: true },
  ]
  expect(stateOf(begun).syncs).toEqual({ inventory: { epoch: 3, state: 'running', backfill: true } })
  expect(stateOf([...begun, { kind: 'sync.paused', capability }]).syncs?.[capability]?.state).toBe('paused')
  const { state, pause } = stateOf([...begun, { kind: 'sync.paused', capability }]).syncs?.[capability] ?? {}
  expect({ state, pause }).toMatchObject({ state: 'paused', pause: { version: 4, by: 'operator:test' } })
  const resumed = stateOf([
    ...begun,
    { kind: 'sync.paused', capability },
    { kind: 'sync.resumed', capability },
  ])
  expect(resumed.syncs?.[capability]).toEqual({ epoch: 3, state: 'running', backfill: true })
  const ended: JournalEvent[] = [...begun, { kind: 'sync.ended', capability }]
  expect(stateOf([...ended, { kind: 'sync.paused', capability }]).syncs).toEqual({})
  expect(EMPTY_STATE.syncs).toBeUndefined()
})
