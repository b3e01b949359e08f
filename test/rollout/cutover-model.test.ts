import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CutoverWorld, type Mistake } from './cutover-world.ts'

const COORDINATORS = 3
const PROXIES = 2
const RUNS = 20_000

type Move = (world: CutoverWorld) => void

const coordinator = fc.nat(COORDINATORS - 1)
const proxy = fc.nat(PROXIES - 1)
/** Looking and acting are apart: whoever is frozen in between acts on what was. */
const move: fc.Arbitrary<[string, Move]> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<[string, Move]>(['start', (world) => world.start()]) },
  { weight: 2, arbitrary: fc.constant<[string, Move]>(['tick', (world) => world.tick()]) },
  { weight: 4, arbitrary: fc.constant<[string, Move]>(['carry', (world) => world.carry()]) },
  { weight: 10, arbitrary: coordinator.map((n): [string, Move] => [`look ${n}`, (world) => world.look(n)]) },
  { weight: 14, arbitrary: coordinator.map((n): [string, Move] => [`act ${n}`, (world) => world.act(n)]) },
  {
    weight: 12,
    arbitrary: coordinator.map((n): [string, Move] => [
      `look and act ${n}`,
      (world) => {
        world.look(n)
        world.act(n)
      },
    ]),
  },
  { weight: 6, arbitrary: proxy.map((n): [string, Move] => [`see ${n}`, (world) => world.proxySees(n)]) },
  { weight: 3, arbitrary: proxy.map((n): [string, Move] => [`begin ${n}`, (world) => world.proxyBegins(n)]) },
  { weight: 6, arbitrary: proxy.map((n): [string, Move] => [`end ${n}`, (world) => world.proxyEnds(n)]) },
)

function search(mistake: Mistake, numRuns: number) {
  return fc.check(
    fc.property(fc.array(move, { minLength: 20, maxLength: 160, size: 'max' }), (moves) => {
      const world = new CutoverWorld(mistake, { coordinators: COORDINATORS, proxies: PROXIES })
      for (const [, play] of moves) play(world)
      world.settle()
    }),
    { numRuns, endOnFailure: true },
  )
}

describe('interleavings of cut-overs, undoing, take-over and proxies', () => {
  it('never let two databases take writes, lose a change, or end with the guards in the wrong place', () => {
    const found = search('none', RUNS)
    expect(found.numRuns).toBe(RUNS)
    expect(found.failed, JSON.stringify(found.counterexample)).toBe(false)
  }, 60_000)

  it.each<[Mistake, number]>([
    ['opens before the decision', 30_000],
    ['undoes without its condition', 150_000],
    ['has no fencing tokens', 100_000],
    ['opens under the token it closes with', 100_000],
  ])(
    'are found wrong when the coordinator %s',
    (mistake, numRuns) => {
      expect(search(mistake, numRuns).failed).toBe(true)
    },
    60_000,
  )

  it('do reach the other side, and come back', () => {
    const owners = new Set<string>()
    fc.assert(
      fc.property(fc.array(move, { minLength: 60, maxLength: 160, size: 'max' }), (moves) => {
        const world = new CutoverWorld('none', { coordinators: COORDINATORS, proxies: PROXIES })
        for (const [, play] of moves) play(world)
        const decisions = world.entries.filter(({ event }) => event.kind === 'owner.changed')
        for (const { event } of decisions) if (event.kind === 'owner.changed') owners.add(event.owner)
      }),
      { numRuns: 1_000 },
    )
    expect([...owners].sort()).toEqual(['monolith', 'service'])
  })
})
