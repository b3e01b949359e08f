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

describe('the demo asks the same gates', () => {
  const { demo, default: usual } = GATE_PROFILES

  test('of shorter windows, fewer requests and wider bounds, and what is no matter of these as closely as ever', () => {
    expect(Object.keys(demo)).toEqual(Object.keys(usual))
    const names = Object.keys(usual) as (keyof typeof usual)[]
    const fewer = ['observedRequests', 'comparisonsPerEndpoint', 'canaryRequests', 'netMismatch']
    const shorter = ['observedMs', 'lagWindowMs', 'canaryIntervalMs', 'readsSoakMs', 'logWindowMs', 'soakMs']
    const besides = ['name', 'canarySteps', 'proxyP99Ms', 'latencyFactor']
    const others = names.filter((name) => JSON.stringify(demo[name]) !== JSON.stringify(usual[name]))
    expect(others.sort()).toEqual([...fewer, ...shorter, ...besides].sort())
  })

  test.each([
    [
      'a proxy that takes 120 ms',
      'observe',
      'proxy-cost',
      { traffic: { requests: 500, watchedMs: 60_000, proxyP99Ms: 120 } },
    ],
    ['one comparison in eight that was not made', 'canary', 'coverage', { comparison: 875 }],
    ['a copy that is three seconds behind', 'shadow', 'lag-low', { lagP99Ms: 3_000 }],
    ['a service that is four times as slow', 'canary', 'latency', { serviceP95Ms: 400 }],
  ] as const)('and closes them: %s', (_what, step, gate, change) => {
    const good = healthy(step === 'canary' ? canaryAt25 : before(step), { profile: demo })
    const slow = 'serviceP95Ms' in change
    const comparison = {
      ...good.comparison!,
      ...('comparison' in change ? { eligible: 1_000, compared: change.comparison } : {}),
      ...(slow ? { monolithP95Ms: 100, serviceP95Ms: 400 } : {}),
      ...(slow ? { slowAnswers: { count: 300, of: 1_000, limitMs: 300 } } : {}),
    }
    const data = { ...good.data!, ...('lagP99Ms' in change ? { lagP99Ms: change.lagP99Ms } : {}) }
    const bad = { ...good, comparison, data, ...('traffic' in change ? { traffic: change.traffic } : {}) }
    expect(stateOf(good, step, gate)).toBe('pass')
    expect(stateOf(bad, step, gate)).toBe('fail')
  })
})
