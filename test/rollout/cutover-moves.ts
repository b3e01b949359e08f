import fc from 'fast-check'
import type { CutoverWorld } from './cutover-world.ts'

export const COORDINATORS = 3
export const PROXIES = 2

/** Something that happens, and its name for a counterexample. */
export type Move = readonly [string, (world: CutoverWorld) => void]

const one = (name: string, play: Move[1], weight: number) => ({
  weight,
  arbitrary: fc.constant<Move>([name, play]),
})
const any = (
  { name, count, weight }: { name: string; count: number; weight: number },
  play: (world: CutoverWorld, index: number) => void,
) => ({
  weight,
  arbitrary: fc.nat(count - 1).map((n): Move => [`${name} ${n}`, (world) => play(world, n)]),
})
const anyCoordinator = (name: string, weight: number, play: (world: CutoverWorld, index: number) => void) =>
  any({ name, count: COORDINATORS, weight }, play)
const anyProxy = (name: string, weight: number, play: (world: CutoverWorld, index: number) => void) =>
  any({ name, count: PROXIES, weight }, play)

const lookAndAct = (world: CutoverWorld, index: number) => {
  world.look(index)
  world.act(index)
}
const goOn = (world: CutoverWorld, index: number) => world.asked.goOn(world, index)
const work = (world: CutoverWorld, index: number) => {
  for (let step = 0; step < 3; step += 1) {
    goOn(world, index)
    lookAndAct(world, index)
  }
}
const keepUp = (world: CutoverWorld) => {
  for (const index of world.proxies.keys()) {
    world.proxySees(index)
    world.proxyEnds(index)
  }
  world.carry()
}

/** Looking and acting are apart: whoever is frozen in between acts on what was. So are the steps of a cut-over that was asked for. */
export const move: fc.Arbitrary<Move> = fc.oneof(
  one('start', (world) => world.start(), 1),
  one('write', (world) => world.write(), 1),
  one('tick', (world) => world.tick(), 2),
  one('carry', (world) => world.carry(), 4),
  one('keep up', keepUp, 5),
  anyCoordinator('ask', 3, (world, index) => world.asked.ask(world, index)),
  anyCoordinator('go on', 5, goOn),
  anyCoordinator('look', 10, (world, index) => world.look(index)),
  anyCoordinator('act', 14, (world, index) => world.act(index)),
  anyCoordinator('look and act', 12, lookAndAct),
  anyCoordinator('work', 10, work),
  anyProxy('see', 6, (world, index) => world.proxySees(index)),
  anyProxy('begin', 3, (world, index) => world.proxyBegins(index)),
  anyProxy('end', 6, (world, index) => world.proxyEnds(index)),
)

const first = (play: (world: CutoverWorld, index: number) => void): Move => [
  'first',
  (world) => play(world, 0),
]
const all: Move = ['keep up', keepUp]
/** Announced, answered, begun, and heard of. */
const BEGUN = [first(goOn), all, first(goOn), first(goOn), all]
/** Fenced and closed, and then its time is over. */
const TOO_LONG: readonly Move[] = [
  first((world) => world.asked.ask(world, 0)),
  ...BEGUN,
  ...[first(lookAndAct), first(lookAndAct), first(lookAndAct)],
  ['tick', (world) => world.tick()],
]
/** Somebody else is frozen in front of its undoing, and it is tried again meanwhile. */
const TRIED_AGAIN: readonly Move[] = [
  ...TOO_LONG,
  first(lookAndAct),
  ['look 1', (world) => world.look(1)],
  ...[first(lookAndAct), first(lookAndAct), first(goOn), first(goOn)],
  ...BEGUN,
]

/** Where moves by chance come to too rarely. */
export const BEGINNINGS: readonly (readonly Move[])[] = [[], TOO_LONG, TRIED_AGAIN]
