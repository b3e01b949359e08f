import { expect, test } from 'vitest'
import { GATE_PROFILES, profileOf } from '../../strangler/guide/gate-profile.ts'
import { checkGates } from '../../strangler/guide/plan.ts'
import type { ComparisonEvidence } from '../../strangler/guide/snapshot.ts'
import { healthy } from './stand.ts'

const CANARY = { step: 'canary', percent: 5 } as const
const SHAPES = {
  seen: 100,
  covered: 95,
  atLeast: 3,
  never: ['GET /api/inventory ?page 200', 'GET /api/inventory/:sku 404'],
}

function check(shapes: ComparisonEvidence['shapes'], asked: { shapesCovered?: number }) {
  const good = healthy(CANARY)
  const comparison = { ...good.comparison!, ...(shapes === undefined ? {} : { shapes }) }
  const gates = checkGates(CANARY, { ...good, comparison, profile: profileOf('default', asked) })
  return gates.find(({ id }) => id === 'shapes-covered')
}

test('nobody asks for the shapes of requests unless the configuration does, in either profile', () => {
  expect(check({ ...SHAPES, covered: 0 }, {})).toBeUndefined()
  expect(GATE_PROFILES.default.shapesCovered).toBeUndefined()
  expect(profileOf('demo', {})).toBe(GATE_PROFILES.demo)
  expect(profileOf('demo', { shapesCovered: 0.5 })).toEqual({ ...GATE_PROFILES.demo, shapesCovered: 0.5 })
})

test.each([
  [
    'as many as are asked for',
    SHAPES,
    'pass',
    /^95 of 100 shapes .* at least 3 times \(95 %; 95 % is the least\)\.$/,
  ],
  [
    'one too few',
    { ...SHAPES, covered: 94 },
    'unknown',
    /94 %.* Never compared: GET \/api\/inventory \?page 200/,
  ],
  ['none', { ...SHAPES, seen: 0, covered: 0, never: [] }, 'unknown', /No shape/],
  ['no word of them', undefined, 'unknown', /No shape/],
] as const)('of the shapes that were seen %s were compared', (_what, shapes, state, reason) => {
  const gate = check(shapes, { shapesCovered: 0.95 })
  expect(gate).toMatchObject({ state, reason: expect.stringMatching(reason) })
  if (state !== 'pass') expect(gate?.fix).toContain('Wait for requests')
})
