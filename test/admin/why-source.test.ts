import { expect, test } from 'vitest'
import { answerWhy } from '../../strangler/admin/answer-why.ts'
import type { WhyQuestion } from '../../strangler/admin/contracts.ts'
import type { Stage, StepId } from '../../strangler/core/guide-words.ts'
import type { JournalEvent } from '../../strangler/core/words.ts'
import { tableOf } from '../support/tables.ts'

const GET = 'GET /api/inventory/:sku'
const POST = 'POST /api/inventory/:sku/adjust'

const entered = (step: StepId, stage: Stage, percent?: number): JournalEvent => ({
  ...{ kind: 'stage.entered', capability: 'inventory', step, stage, profile: 'default', gates: [] },
  ...(percent === undefined ? {} : { percent }),
})
const syncStarted: JournalEvent = { kind: 'sync.started', capability: 'inventory', epoch: 1 }
const cutOver: JournalEvent[] = [
  syncStarted,
  {
    ...{ kind: 'cutover.started', capability: 'inventory', cutoverId: 'c-1', to: 'service' },
    expiresAt: Date.parse('2030-01-01'),
  },
  { kind: 'owner.changed', capability: 'inventory', owner: 'service', epoch: 3, cutoverId: 'c-1' },
]

function why(events: JournalEvent[], asked: Partial<WhyQuestion> = {}) {
  const table = tableOf([GET, POST], { tables: ['stock'] }, events)
  const question = { method: 'GET', path: '/api/inventory/A', headers: {}, address: '10.0.0.1' }
  const { sentence, decidedBy } = answerWhy(table, { ...question, ...asked })
  return { sentence, decidedBy }
}

test('what nobody has set is by the configuration', () => {
  const { sentence, decidedBy } = why([])
  expect(decidedBy).toBe('config')
  expect(sentence).toContain(': the configuration says monolith.')
})

test('at a stage the sentence names the stage, and not the configuration', () => {
  const { sentence, decidedBy } = why([entered('shadow', 'shadow')])
  expect(decidedBy).toBe('stage')
  expect(sentence).toContain('the stage of inventory, shadow, says shadow for reads')
  expect(sentence).not.toContain('configuration')
  const canary = why([syncStarted, entered('canary', 'canary', 25)], { user: 'u-1' })
  expect(canary.sentence).toMatch(
    /the stage of inventory, canary, says canary=25 for reads, and its bucket \d+/,
  )
})

test('an override is named by who, although there is a stage', () => {
  const { sentence, decidedBy } = why([
    entered('shadow', 'shadow'),
    { kind: 'route.set', endpoint: GET, setting: { mode: 'monolith' } },
  ])
  expect(decidedBy).toBe('override')
  expect(sentence).toMatch(/ set monolith at .* \(version 2\)/)
})

test('a write to tables is by their owner where a stage or an operator has said something else', () => {
  const asked = { method: 'POST', path: '/api/inventory/A/adjust' }
  const overridden = why([{ kind: 'route.set', endpoint: POST, setting: { mode: 'service' } }], asked)
  expect(overridden.decidedBy).toBe('owner')
  expect(overridden.sentence).toContain(
    'the monolith owns the tables of inventory, so its writes go there, whatever was set before',
  )
})

test('a read follows the new owner, whatever was set before the cut-over', () => {
  const before: JournalEvent = { kind: 'route.set', endpoint: GET, setting: { mode: 'monolith' } }
  const { sentence, decidedBy } = why([before, ...cutOver])
  expect(decidedBy).toBe('owner')
  expect(sentence).toContain('the service owns the tables of inventory, so its reads follow')
})
