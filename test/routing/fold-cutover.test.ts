import { expect, test } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { JournalEvent, RouteState } from '../../strangler/core/words.ts'
import { checkToggle } from '../../strangler/routing/check-toggle.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { ownerOf } from '../../strangler/routing/fold-cutover.ts'
import { EMPTY_STATE, foldJournal } from '../../strangler/routing/fold-journal.ts'

const capability = 'stock'
const config = checkConfig({
  sides: { monolith: { url: 'http://127.0.0.1:1' }, stock: { url: 'http://127.0.0.1:2' } },
  capabilities: { stock: { endpoints: ['GET /stock', 'PUT /stock'], tables: ['stock'] } },
})

function fold(...events: JournalEvent[]): RouteState {
  const at = '2026-11-25T12:00:00.000Z'
  return foldJournal(
    EMPTY_STATE,
    events.map((event, index) => ({ version: index + 1, at, by: 'test', event })),
  )
}

const synced: JournalEvent = { kind: 'sync.started', capability, epoch: 1, backfill: true }
const begun: JournalEvent = {
  kind: 'cutover.started',
  capability,
  cutoverId: 'c',
  to: 'service',
  expiresAt: 5,
}
const decided: JournalEvent = {
  kind: 'owner.changed',
  capability,
  owner: 'service',
  epoch: 3,
  cutoverId: 'c',
}
const undone: JournalEvent = { kind: 'cutover.aborted', capability, cutoverId: 'c' }
const released: JournalEvent = { kind: 'hold.released', capability, holdId: 'c' }
const modesOf = (state: RouteState) => compileTable(config, state).routes.map(({ setting }) => setting.mode)

test('a journal from before there were owners is folded as before, and the monolith owns', () => {
  const state = fold(synced, { kind: 'route.cleared', endpoint: 'GET /stock' })
  expect(state.syncs).toEqual({ stock: { epoch: 1, state: 'running', backfill: true } })
  expect(ownerOf(state, capability)).toBe('monolith')
  expect(Object.keys(state)).not.toContain('owners')
})

test('the decision changes owner, direction and epoch in one line; the writes stay held until it is released', () => {
  const state = fold(synced, begun, decided)
  expect(state.owners).toEqual({ stock: { side: 'service', since: 3 } })
  expect(state.syncs?.['stock']).toEqual({ epoch: 3, state: 'running', whole: true, direction: 'reverse' })
  expect(state.holds['stock']).toMatchObject({ id: 'c', phase: 'holding' })
  expect(compileTable(config, state).capabilities.get('stock')?.owner).toBe('service')
  const after = fold(synced, begun, decided, released)
  expect(after.holds).toEqual({})
  expect(after.cutovers).toEqual({})
  expect(modesOf(after)).toEqual(['service', 'service'])
})

test('of decision and undoing the first wins, whichever comes second', () => {
  const undoneFirst = fold(synced, begun, undone, decided)
  expect(ownerOf(undoneFirst, capability)).toBe('monolith')
  expect(undoneFirst.cutovers?.['stock']?.phase).toBe('undoing')
  const decidedFirst = fold(synced, begun, decided, undone)
  expect(ownerOf(decidedFirst, capability)).toBe('service')
  expect(decidedFirst.cutovers?.['stock']?.phase).toBe('decided')
})

test('a decision of a cut-over that is over, or of another one, changes nothing', () => {
  const aborted: JournalEvent = { kind: 'hold.aborted', capability, holdId: 'c' }
  const again: JournalEvent = { ...begun, cutoverId: 'd' } as JournalEvent
  expect(ownerOf(fold(synced, begun, undone, aborted, decided), capability)).toBe('monolith')
  expect(ownerOf(fold(synced, begun, undone, aborted, again, decided), capability)).toBe('monolith')
  expect(ownerOf(fold(synced, begun, { ...synced, epoch: 3 }, decided), capability)).toBe('monolith')
})

test('nothing lets the held writes go before the guards are where they belong', () => {
  const abortedHold: JournalEvent = { kind: 'hold.aborted', capability, holdId: 'c' }
  expect(fold(synced, begun, released).holds).toHaveProperty('stock')
  expect(fold(synced, begun, abortedHold).holds).toHaveProperty('stock')
  expect(fold(synced, begun, decided, abortedHold).holds).toHaveProperty('stock')
  expect(fold(synced, begun, undone, released).holds).toHaveProperty('stock')
  expect(fold(synced, begun, undone, abortedHold).holds).toEqual({})
})

test('a cut-over begins only where a sync runs, and only to the other side', () => {
  expect(fold(begun).cutovers).toBeUndefined()
  expect(fold(synced, { kind: 'sync.paused', capability }, begun).cutovers).toBeUndefined()
  expect(fold(synced, { ...begun, to: 'monolith' } as JournalEvent).cutovers).toBeUndefined()
})

test('after a cut-over reads follow an operator’s later word, and writes the owner', () => {
  const early: JournalEvent = {
    kind: 'route.set',
    endpoint: 'GET /stock',
    setting: { mode: 'canary', percent: 5 },
  }
  const late: JournalEvent = { kind: 'route.set', endpoint: 'GET /stock', setting: { mode: 'monolith' } }
  const write: JournalEvent = { kind: 'route.set', endpoint: 'PUT /stock', setting: { mode: 'monolith' } }
  expect(modesOf(fold(synced, begun, { ...decided, epoch: 3 }, released, late, write))).toEqual([
    'monolith',
    'service',
  ])
  expect(modesOf(fold(early, { ...synced, epoch: 2 }, begun, { ...decided, epoch: 4 }, released))).toEqual([
    'service',
    'service',
  ])
})

test('a write may not be sent to the monolith while the service owns', () => {
  const [read, write] = compileTable(config, fold(synced, begun, decided, released)).routes
  expect(checkToggle(write!, { mode: 'monolith' }, { unsafe: false })).toMatchObject({ pass: false })
  expect(checkToggle(write!, { mode: 'service' }, { unsafe: false })).toEqual({ pass: true })
  const order = { epoch: 9, state: 'running', direction: 'reverse', whole: true } as const
  const kept = { unsafe: false, copy: { order, lagMs: 20 } }
  expect(checkToggle(read!, { mode: 'monolith' }, kept)).toEqual({ pass: true })
  expect(checkToggle(read!, { mode: 'monolith' }, { unsafe: false })).toMatchObject({ pass: false })
})

test('once it is retired nothing is sent to the monolith, and no command is named that cannot help', () => {
  const retired: JournalEvent = {
    ...{ kind: 'stage.entered', capability, stage: 'retired', step: 'retire', profile: 'default', gates: [] },
  }
  const table = compileTable(config, fold(synced, begun, decided, released, retired))
  for (const route of table.routes) {
    const check = checkToggle(route, { mode: 'monolith' }, { unsafe: false })
    expect(check).toMatchObject({ pass: false, reason: expect.stringContaining('retired') })
    const fix = check.pass ? '' : check.fix
    expect(fix).not.toMatch(/sync install|sync backfill|migrate stock back/)
    expect(fix).toContain(`\`strangler route clear "${route.endpoint.id}"\``)
    expect(checkToggle(route, { mode: 'monolith' }, { unsafe: true })).toEqual({ pass: true })
  }
})
