import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BEGINNINGS, COORDINATORS, type Move, move, PROXIES } from './cutover-moves.ts'
import { CutoverWorld, type Mistake } from './cutover-world.ts'
import { CAPABILITY } from './model-setting.ts'

const RUNS = 40_000

const moves = fc
  .tuple(fc.constantFrom(...BEGINNINGS), fc.array(move, { minLength: 20, maxLength: 160, size: 'max' }))
  .map(([beginning, later]) => [...beginning, ...later])

function play(mistake: Mistake, played: readonly Move[]): CutoverWorld {
  const world = new CutoverWorld(mistake, { coordinators: COORDINATORS, proxies: PROXIES })
  for (const [, go] of played) go(world)
  return world
}

function search(mistake: Mistake, numRuns: number) {
  return fc.check(
    fc.property(moves, (played) => play(mistake, played).settle()),
    { numRuns, endOnFailure: true },
  )
}

describe('interleavings of cut-overs, announcements, undoing, trying again, take-over and proxies', () => {
  it('never let two databases take writes, lose a change, or end with the guards in the wrong place', () => {
    const found = search('none', RUNS)
    expect(found.numRuns).toBe(RUNS)
    expect(found.failed, JSON.stringify(found.counterexample)).toBe(false)
  }, 120_000)

  it.each<[Mistake, number]>([
    ['opens before the decision', 100_000],
    ['undoes without its condition', 300_000],
    ['has no fencing tokens', 100_000],
    ['opens under the token it closes with', 100_000],
    ['tries again whatever others have written', 30_000],
    ['tries again under the token that the undoing left', 100_000],
    ['takes an answer to its announcement for one to its hold', 30_000],
  ])(
    'are found wrong when the coordinator %s',
    (mistake, numRuns) => {
      expect(search(mistake, numRuns).failed).toBe(true)
    },
    120_000,
  )

  it('do reach the other side and come back, with one hold and after one that was too long', () => {
    const reached = new Set<string>()
    fc.assert(
      fc.property(moves, (played) => {
        const world = play('none', played)
        const { entries } = world
        for (const [index, { event }] of entries.entries()) {
          const isTriedAgain = entries[index - 1]?.event.kind === 'hold.aborted'
          if (event.kind === 'owner.changed') reached.add(`the ${event.owner} owns`)
          if (event.kind === 'cutover.announced' && isTriedAgain) reached.add('tried again')
        }
        world.settle()
      }),
      { numRuns: 1_000 },
    )
    expect([...reached].sort()).toEqual(['the monolith owns', 'the service owns', 'tried again'])
  })

  it('leave everything as it is where a cut-over was announced and nothing else', () => {
    const world = new CutoverWorld('none', { coordinators: COORDINATORS, proxies: PROXIES })
    world.asked.ask(world, 0)
    world.asked.goOn(world, 0)
    expect(world.state.announced?.[CAPABILITY]).toMatch(/^announcement-/)
    for (const index of world.proxies.keys()) {
      world.proxySees(index)
      world.proxyBegins(index)
      world.proxyEnds(index)
    }
    for (const index of world.coordinators.keys()) {
      world.look(index)
      world.act(index)
    }
    expect(world.databases.monolith).toMatchObject({ guarded: false, pending: PROXIES })
    expect(world.databases.service).toMatchObject({ guarded: true, token: -1 })
    expect(world.state).toMatchObject({ holds: {} })
    expect(world.state.owners).toBeUndefined()
  })
})
