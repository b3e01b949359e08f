import { describe, expect, it } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { JournalEvent } from '../../strangler/core/words.ts'
import { checkOwners, findUnknownOwners } from '../../strangler/routing/check-owners.ts'
import { stateOf } from '../support/tables.ts'

const [capability, cutoverId] = ['items', 'c']
const SYNCED: JournalEvent[] = [{ kind: 'sync.started', capability, epoch: 1, backfill: true }]
const BEGUN: JournalEvent[] = [
  ...SYNCED,
  { kind: 'cutover.started', capability, cutoverId, to: 'service', expiresAt: 5 },
]
const OWNED: JournalEvent[] = [
  ...BEGUN,
  { kind: 'owner.changed', capability, owner: 'service', epoch: 3, cutoverId },
  { kind: 'hold.released', capability, holdId: cutoverId },
]
const UNDONE: JournalEvent[] = [
  ...BEGUN,
  { kind: 'cutover.aborted', capability, cutoverId },
  { kind: 'hold.aborted', capability, holdId: cutoverId },
]
const RETIRED: JournalEvent[] = [
  ...OWNED,
  { kind: 'stage.entered', capability, step: 'retire', stage: 'retired', profile: 'default', gates: [] },
]

const configNaming = (name: string, tables: string[]) =>
  checkConfig({
    sides: { monolith: 'http://127.0.0.1:1', shop: 'http://127.0.0.1:2' },
    capabilities: { [name]: { service: 'shop', endpoints: ['GET /items'], tables } },
  })
const RENAMED = configNaming('things', ['items'])
const WITHOUT_TABLES = configNaming('items', [])

describe('a configuration that does not know what the service owns', () => {
  it.each([
    ['has the capability under another name', RENAMED],
    ['has none of its tables', WITHOUT_TABLES],
  ])('is refused when it %s', (_what, config) => {
    expect(() => checkOwners(config, stateOf(OWNED))).toThrow(/By the journal the service owns .* items/)
    expect(findUnknownOwners(config, stateOf(OWNED))).toEqual(['items'])
  })

  it('is refused while the ownership is being moved, and taken again when that was undone', () => {
    expect(findUnknownOwners(RENAMED, stateOf(BEGUN))).toEqual(['items'])
    expect(findUnknownOwners(RENAMED, stateOf(UNDONE))).toEqual([])
  })

  it('is taken before the ownership moves, and after the old side is retired', () => {
    expect(findUnknownOwners(RENAMED, stateOf(SYNCED))).toEqual([])
    expect(findUnknownOwners(RENAMED, stateOf(RETIRED))).toEqual([])
  })

  it('is none that names the capability with a table', () => {
    expect(() => checkOwners(configNaming('items', ['items']), stateOf(OWNED))).not.toThrow()
  })
})
