import { describe, expect, test } from 'vitest'
import type { GateState } from '../../strangler/core/guide-words.ts'
import { GATE_PROFILES } from '../../strangler/guide/gate-profile.ts'
import { checkGates, listPositions, STEPS } from '../../strangler/guide/plan.ts'
import type { GuideSnapshot } from '../../strangler/guide/snapshot.ts'
import { SPOILT } from './spoilt-snapshots.ts'
import { healthy } from './stand.ts'

const positions = listPositions(GATE_PROFILES.default, true)
const canaryAt25 = { step: 'canary', percent: 25 } as const
/** The position before, at which the snapshot for the next one is taken. */
const before = (step: string) => positions[Math.max(0, positions.findIndex((one) => one.step === step) - 1)]
const ownedBy = (step: string) => (step === 'soak' || step === 'retire' ? 'service' : 'monolith')

const stateOf = (
  snapshot: GuideSnapshot,
  step: (typeof STEPS)[number]['id'],
  gate: string,
): GateState | undefined => checkGates({ step }, snapshot).find(({ id }) => id === gate)?.state

test.each(STEPS.map(({ id }) => id))('with everything as it should be, every gate of %s is open', (step) => {
  const results = checkGates({ step }, healthy(before(step), { owner: ownedBy(step) }))
  expect(results.filter(({ state }) => state !== 'pass')).toEqual([])
})

test.each(STEPS.map(({ id }) => id))(
  'with nothing known, no gate of %s but those of operators is open',
  (step) => {
    const { capability, hasTables, now, profile, owner, overrides } = healthy()
    const unknown: GuideSnapshot = {
      ...{ capability, hasTables, now, profile, owner, overrides },
      endpoints: [{ endpoint: 'GET /x', requests: 0, rare: false }],
      migration: healthy(canaryAt25).migration!,
    }
    const open = checkGates({ step }, unknown).filter(({ state }) => state === 'pass')
    expect(
      open.map(({ id }) => id).filter((id) => id !== 'no-overrides' && id !== 'no-open-difference'),
    ).toEqual([])
    for (const { id, state, fix } of checkGates({ step }, unknown)) {
      if (state !== 'pass') expect(fix, id).not.toBe('')
      // Silence is no failure.
      if (state !== 'pass') expect(state, id).toBe('unknown')
    }
  },
)

describe('one thing that is not as it should be closes its gate, and no other', () => {
  test.each(SPOILT)('%s: at %s, %s', (_what, step, gate, spoil, expected) => {
    const position = step === 'canary' || step === 'cutover' ? canaryAt25 : before(step)
    const full = step === 'cutover' ? ({ step: 'canary', percent: 100 } as const) : position
    const good = healthy(full, { owner: ownedBy(step) })
    const bad = { ...good, ...spoil(good) }
    expect(stateOf(good, step, gate)).toBe('pass')
    expect(stateOf(bad, step, gate)).toBe(expected)
    const others = checkGates({ step }, bad).filter(({ id, state }) => id !== gate && state !== 'pass')
    expect(others).toEqual([])
  })
})

test('gates have names of their own, so that an override says which one', () => {
  const ids = STEPS.flatMap(({ gates }) => gates).map((gate) => [gate.id, gate] as const)
  for (const [id, gate] of ids)
    expect(ids.filter(([other]) => other === id).every(([, same]) => same === gate)).toBe(true)
})

test('the demo asks the same gates, only of shorter windows', () => {
  expect(Object.keys(GATE_PROFILES.demo)).toEqual(Object.keys(GATE_PROFILES.default))
})
