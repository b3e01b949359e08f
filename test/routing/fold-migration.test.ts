import { expect, test } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { JournalEvent, RouteState } from '../../strangler/core/words.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { EMPTY_STATE, foldJournal } from '../../strangler/routing/fold-journal.ts'

const config = checkConfig({
  sides: { monolith: 'http://127.0.0.1:1', stock: 'http://127.0.0.1:2' },
  capabilities: {
    stock: { endpoints: [{ endpoint: 'GET /stock', mode: 'service' }, 'POST /stock'], tables: ['stock'] },
  },
})

function fold(...events: JournalEvent[]): RouteState {
  const entries = events.map((event, index) => ({
    ...{ version: index + 1, at: `2026-01-01T00:00:0${index}.000Z`, by: 'operator:anna' },
    event,
  }))
  return foldJournal(EMPTY_STATE, entries)
}

const entered = (
  step: Extract<JournalEvent, { kind: 'stage.entered' }>['step'],
  more: Partial<Extract<JournalEvent, { kind: 'stage.entered' }>> = {},
): JournalEvent => ({
  ...{ kind: 'stage.entered', capability: 'stock', step, stage: 'observe', profile: 'default', gates: [] },
  ...more,
})

const modesOf = (state: RouteState) =>
  Object.fromEntries(
    compileTable(config, state).routes.map(({ endpoint, setting, source }) => [
      endpoint.method,
      `${setting.mode}${setting.mode === 'canary' ? setting.percent : ''} by ${source}`,
    ]),
  )

test('until somebody chooses a capability its endpoints are as configured; then they go by the stage', () => {
  expect(modesOf(EMPTY_STATE)).toEqual({ GET: 'service by config', POST: 'monolith by config' })
  expect(modesOf(fold(entered('choose')))).toEqual({ GET: 'monolith by stage', POST: 'monolith by stage' })
  const shadowed = fold(entered('shadow', { stage: 'shadow' }))
  expect(modesOf(shadowed)).toEqual({ GET: 'shadow by stage', POST: 'monolith by stage' })
  const canary = fold(entered('canary', { stage: 'canary', percent: 25 }))
  expect(modesOf(canary)).toEqual({ GET: 'canary25 by stage', POST: 'monolith by stage' })
})

test('what an operator has said of one endpoint stands against the stage, until it is cleared', () => {
  const override: JournalEvent = { kind: 'route.set', endpoint: 'GET /stock', setting: { mode: 'monolith' } }
  const canary = entered('canary', { stage: 'canary', percent: 25 })
  expect(modesOf(fold(override, canary))['GET']).toBe('monolith by override')
  expect(modesOf(fold(override, canary, { kind: 'route.cleared', endpoint: 'GET /stock' }))['GET']).toBe(
    'canary25 by stage',
  )
})

test('the first canary brings the salt, and a later one does not move the buckets', () => {
  const state = fold(
    entered('canary', { stage: 'canary', percent: 1, salt: 'first' }),
    entered('canary', { stage: 'canary', percent: 5, salt: 'second' }),
  )
  expect(state.salts).toEqual({ stock: 'first' })
  expect(state.migrations?.['stock']).toMatchObject({ step: 'canary', percent: 5, version: 2 })
})

const sync: JournalEvent = { kind: 'sync.started', capability: 'stock', epoch: 1, backfill: true }
const started = (to: 'monolith' | 'service'): JournalEvent => ({
  ...{ kind: 'cutover.started', capability: 'stock', cutoverId: to, to, expiresAt: 0 },
})
const moved = (to: 'monolith' | 'service', epoch: number): JournalEvent => ({
  ...{ kind: 'owner.changed', capability: 'stock', owner: to, epoch, cutoverId: to },
})
const released = (to: string): JournalEvent => ({
  kind: 'hold.released',
  capability: 'stock',
  holdId: to,
})

test('the stage follows the ownership, whoever moved it: forward to owned, back to shadowing', () => {
  const canary = entered('canary', { stage: 'canary', percent: 100 })
  const owned = [sync, canary, started('service'), moved('service', 3), released('service')]
  expect(fold(...owned).migrations?.['stock']).toMatchObject({ step: 'cutover', stage: 'owned' })
  expect(modesOf(fold(...owned))).toEqual({ GET: 'service by stage', POST: 'service by stage' })
  const back = fold(...owned, started('monolith'), moved('monolith', 6), released('monolith'))
  expect(back.migrations?.['stock']).toMatchObject({ step: 'shadow', stage: 'shadow' })
  expect(back.migrations?.['stock']).not.toHaveProperty('percent')
  expect(modesOf(back)).toEqual({ GET: 'shadow by stage', POST: 'monolith by stage' })
})

test('a decision of a cut-over that is no more changes no stage', () => {
  const late = fold(sync, entered('canary', { stage: 'canary', percent: 100 }), moved('service', 2))
  expect(late.migrations?.['stock']).toMatchObject({ step: 'canary' })
  expect(late.owners).toBeUndefined()
})

test('an endpoint is rare until somebody says otherwise', () => {
  const mark = (rare: boolean): JournalEvent => ({ kind: 'endpoint.rare', endpoint: 'GET /stock', rare })
  expect(fold(mark(true)).rareEndpoints).toEqual({ 'GET /stock': 1 })
  expect(fold(mark(true), mark(false)).rareEndpoints).toEqual({})
})
