import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AnswersSeen, TrafficBatch } from '../../strangler/core/traffic-words.ts'
import { type ControlDatabase, openControlDatabase } from '../../strangler/state/control-database.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const READ = 'GET /stock/:sku'
let database: TestDatabase
let controls: ControlDatabase[]

beforeAll(async () => {
  database = await createTestDatabase('traffic')
  controls = await Promise.all([openControlDatabase(database.url), openControlDatabase(database.url)])
}, 60_000)
afterAll(async () => {
  await Promise.all(controls.map((control) => control.stop()))
  await database.drop()
})

function seenOf(capability: string, changes: Partial<AnswersSeen> = {}): AnswersSeen {
  return { capability, entered: 7, watchedMs: 0, served: [], missed: [], callers: [], ...changes }
}

function word(capability: string, changes: Partial<AnswersSeen> = {}): TrafficBatch {
  const place = { capability, endpoint: READ, entered: 7, target: 'monolith' as const }
  return {
    proxy: 'host/one',
    counts: [{ ...place, requests: 1, failures: 0 }],
    looks: [],
    answers: [seenOf(capability, changes)],
  }
}

const missed = { missed: [{ endpoint: READ, because: 'STALE' as const, requests: 1 }] }

it('loses no word of proxies that tell at the same moment', async () => {
  const caller = { endpoint: READ, because: 'OVERRIDE' as const, address: '10.0.0.7', requests: 1 }
  await Promise.all(
    Array.from({ length: 40 }, (_, turn) =>
      controls[turn % 2]!.traffic.add(word('busy', { ...missed, callers: [caller] })),
    ),
  )
  const { soaks } = await controls[0]!.traffic.read('busy')
  expect(soaks.get(7)).toMatchObject({ missed: { requests: 40 }, callers: [{ requests: 40 }] })
})

it('advances every clock of a word by its own, in whichever order proxies name the capabilities', async () => {
  const names = ['first', 'second', 'third']
  const seen = names.map((name, index) => seenOf(name, index === 1 ? missed : { served: [READ] }))
  const told = Array.from({ length: 30 }, (_, turn) => (turn % 2 === 0 ? seen : seen.toReversed()))
  await Promise.all(
    told.map((answers, turn) => controls[turn % 2]!.traffic.add({ ...word('first'), answers })),
  )
  const kept = await Promise.all(names.map((name) => controls[0]!.traffic.read(name)))
  const clocks = kept.map(({ soaks }) => soaks.get(7)!)
  expect(clocks.map((clock) => clock.missed?.requests)).toEqual([undefined, 30, undefined])
  expect(clocks.map((clock) => Object.keys(clock.missing))).toEqual([[], [READ], []])
})

it('keeps the time by the clock of the database, once for all proxies', async () => {
  const watched = { watchedMs: 3_600_000, served: [READ] }
  await controls[0]!.traffic.add(word('calm', watched))
  const first = (await controls[0]!.traffic.read('calm')).soaks.get(7)!
  expect(first.soakedMs).toBe(3_600_000)
  for (const control of controls) await control.traffic.add(word('calm', watched))
  const second = (await controls[1]!.traffic.read('calm')).soaks.get(7)!
  // An hour each would be three.
  expect(second.soakedMs - first.soakedMs).toBe(second.heardAt - first.heardAt)
  expect((await controls[0]!.traffic.read('other')).soaks.size).toBe(0)
})

it('knows when the newest request was, however many there were before', async () => {
  const lastAt = async () => (await controls[0]!.traffic.read('late')).counts[0]?.lastAt ?? 0
  await controls[0]!.traffic.add(word('late'))
  const first = await lastAt()
  await new Promise((resolve) => setTimeout(resolve, 20))
  await controls[0]!.traffic.add(word('late'))
  expect(await lastAt()).toBeGreaterThan(first)
})
