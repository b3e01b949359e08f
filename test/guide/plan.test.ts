import { expect, test } from 'vitest'
import { GATE_PROFILES } from '../../strangler/guide/gate-profile.ts'
import {
  checkWayBack,
  listPositions,
  nextPosition,
  previousPosition,
  startPosition,
  stepOf,
} from '../../strangler/guide/plan.ts'
import { healthy } from './stand.ts'

test('a capability with tables goes through every step, one without copies nothing', () => {
  const names = (hasTables: boolean) =>
    listPositions(GATE_PROFILES.default, hasTables).map(({ step, percent }) => `${step}${percent ?? ''}`)
  expect(names(true)).toEqual([
    ...['choose', 'observe', 'contract', 'sync', 'shadow'],
    ...['canary1', 'canary5', 'canary25', 'canary50', 'canary100', 'cutover', 'soak', 'retire'],
  ])
  expect(names(false)).toEqual(names(true).filter((name) => name !== 'sync'))
})

test('next and back lead along the same positions, and the ends have neither', () => {
  const positions = listPositions(GATE_PROFILES.default, true)
  expect(nextPosition(healthy())).toEqual({ step: 'choose' })
  for (const [index, position] of positions.entries()) {
    const snapshot = healthy(position)
    expect(nextPosition(snapshot)).toEqual(positions[index + 1])
    const isOwned = position.step === 'cutover' || position.step === 'soak'
    expect(previousPosition(snapshot)).toEqual(isOwned ? { step: 'shadow' } : positions[index - 1])
  }
})

test('a percentage that the profile does not know counts as the one below it', () => {
  expect(nextPosition(healthy({ step: 'canary', percent: 30 }))).toEqual({ step: 'canary', percent: 50 })
  expect(previousPosition(healthy({ step: 'canary', percent: 30 }))).toEqual({ step: 'canary', percent: 5 })
})

test('the start is where nothing is asked of the service; its copy is kept', () => {
  expect(startPosition(healthy())).toEqual({ step: 'sync' })
  expect(startPosition(healthy(undefined, { hasTables: false }))).toEqual({ step: 'contract' })
})

test.each([
  ['while the sync runs back, going back loses nothing', {}, 'needs-reverse-sync'],
  ['without it the old rows are old', { sync: 'paused' as const }, 'impossible'],
  ['rows that cannot be carried back would be lost', { notReturnable: 2 }, 'impossible'],
])('once the service owns: %s', (_what, data, kind) => {
  const good = healthy({ step: 'soak' }, { owner: 'service' })
  const snapshot = { ...good, data: { ...good.data!, direction: 'reverse' as const, ...data } }
  expect(stepOf('soak').undoCost(snapshot).kind).toBe(kind)
})

test('before the cut-over going back is free, after retiring there is no way back', () => {
  expect(stepOf('canary').undoCost(healthy({ step: 'canary', percent: 50 })).kind).toBe('free')
  expect(stepOf('retire').undoCost(healthy({ step: 'retire' })).kind).toBe('impossible')
})

test('going back asks for no evidence, and from owned only for what keeps it safe', () => {
  expect(checkWayBack(healthy({ step: 'canary', percent: 5 }))).toEqual([])
  const owned = healthy({ step: 'soak' }, { owner: 'service' })
  const stateOf = (data: object) =>
    checkWayBack({ ...owned, data: { ...owned.data!, ...data } }).map(({ id, state }) => `${id} ${state}`)
  expect(stateOf({})).toEqual(['quarantine-empty pass', 'returnable pass'])
  expect(stateOf({ quarantined: 1, notReturnable: 1 })).toEqual(['quarantine-empty fail', 'returnable fail'])
})
