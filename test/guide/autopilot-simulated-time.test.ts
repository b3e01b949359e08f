import { expect, test } from 'vitest'
import { GATE_PROFILES } from '../../strangler/guide/gate-profile.ts'
import { createRandom } from '../sync/simulation/random.ts'
import { type Build, type CanaryRun, flyCanary } from './canary-world.ts'

const SLOW_MS = 90_000
const INTERVAL_S = GATE_PROFILES.default.canaryIntervalMs / 1_000
const SEEDS = Array.from({ length: 8 }, (_, index) => index + 1)
const AT_5 = { step: 'canary', percent: 5 } as const

const fly = (seed: number, changes: Partial<CanaryRun> = {}) =>
  flyCanary({
    random: createRandom(seed),
    requestsPerSecond: () => 200,
    buildAt: () => 'good',
    from: AT_5,
    seconds: 10 * INTERVAL_S,
    ...changes,
  })

test.each<[Build, RegExp]>([
  ['failing', /With 99 % certainty the service fails|of its last 300|times in a row/],
  ['wrong', /Real differences that are open|differ beyond noise/],
  ['slow', /With 99 % certainty at least .* of its answers take longer/],
])(
  'a %s build that is put into a canary is back within two intervals, with the reason',
  (build, reason) => {
    for (const seed of SEEDS) {
      const deployedAt = INTERVAL_S / 2
      const { retreat } = fly(seed, { buildAt: (second) => (second < deployedAt ? 'good' : build) })
      expect(retreat, `seed ${seed}`).toBeDefined()
      expect((retreat?.second ?? Infinity) - deployedAt, `seed ${seed}`).toBeLessThanOrEqual(2 * INTERVAL_S)
      expect(retreat?.move.reason).toMatch(reason)
      expect(retreat?.move.position).toEqual({ step: 'shadow' })
      expect(retreat?.move.gates.map(({ state }) => state)).toContain('fail')
    }
  },
  SLOW_MS,
)

test(
  'a good build comes to everybody unattended, and is never taken back',
  () => {
    for (const seed of SEEDS) {
      const { positions, retreat } = fly(seed, {
        from: { step: 'canary', percent: 1 },
        seconds: 12 * INTERVAL_S,
      })
      expect(retreat, `seed ${seed}`).toBeUndefined()
      expect(positions.at(-1), `seed ${seed}`).toEqual({ step: 'canary', percent: 100 })
    }
  },
  SLOW_MS,
)

test('no traffic holds for a day and is no failure, and it goes on when somebody comes', () => {
  const day = 24 * 3_600
  const silent = fly(1, { requestsPerSecond: () => 0, seconds: day })
  expect(silent.retreat).toBeUndefined()
  expect(silent.positions.at(-1)).toEqual(AT_5)
  const later = fly(1, {
    requestsPerSecond: (second) => (second < 10 * INTERVAL_S ? 0 : 200),
    seconds: 20 * INTERVAL_S,
  })
  expect(later.positions.at(-1)).toEqual({ step: 'canary', percent: 100 })
})

test('the first second of a cold process, slow for everybody, takes nothing back', () => {
  for (const seed of SEEDS)
    expect(
      fly(seed, { requestsPerSecond: () => 20, buildAt: (second) => (second <= 1 ? 'slow' : 'good') })
        .retreat,
      `seed ${seed}`,
    ).toBeUndefined()
})
