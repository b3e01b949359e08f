import { beforeEach, describe, expect, test } from 'vitest'
import type { SyncDatabase } from '../../strangler/sync/database.ts'
import { postgresDialect } from '../../strangler/sync/dialects/postgres/index.ts'
import { createIntakeMover, type IntakeMover } from '../../strangler/sync/move-intake.ts'

/** What one statement was asked: the blocks from one to before another. */
interface Look {
  readonly from: number
  readonly to: number
}

const AT_ONCE = 5_000
const ENDS = 100_000
let clock = 0
let looks: Look[] = []
let answer: (look: Look) => { moved: number; block?: number }
let mover: IntakeMover

/** An intake of many blocks, most of them dead, on a server whose time is the test's. */
const source = {
  dialect: {
    ...postgresDialect,
    intake: {
      ...postgresDialect.intake,
      move: (from: number, _most: number, blocks: number) => ({ sql: 'move', params: [from, from + blocks] }),
    },
  },
  async query({ sql, params }) {
    if (sql !== 'move') return []
    const look = { from: Number(params[0]), to: Number(params[1]) }
    looks.push(look)
    const { moved, block } = answer(look)
    return [{ moved: String(moved), block: block === undefined ? null : String(block), ends: String(ENDS) }]
  },
} as Partial<SyncDatabase> as SyncDatabase

beforeEach(() => {
  ;[clock, looks] = [0, []]
  mover = createIntakeMover({ source, report: () => undefined, now: () => clock })
})
const move = async (times: number) => {
  for (let time = 0; time < times; time += 1) await mover.move()
}

describe('a look through all of a long intake', () => {
  test('that fails is not tried again before ten times as long as it took, and new entries are moved meanwhile', async () => {
    answer = ({ from }) => ({ moved: from === 0 ? AT_ONCE : 0, block: ENDS - 10 })
    await move(1)
    looks = []
    answer = ({ from }) => {
      if (from >= ENDS - 100) return { moved: 1, block: ENDS - 1 }
      clock += 5_000
      throw new Error('canceling statement due to statement timeout')
    }
    clock += 60_000
    await move(20)
    const ofTheEnd = looks.filter(({ from }) => from >= ENDS - 100)
    expect(looks.length - ofTheEnd.length).toBe(1)
    expect(ofTheEnd.length).toBeGreaterThan(15)
    clock += 50_000
    await move(1)
    expect(looks.filter(({ from }) => from < ENDS - 100)).toHaveLength(2)
  })

  test('is done in parts, none of which takes longer than the others, and ends', async () => {
    answer = () => {
      clock += 20
      return { moved: 0 }
    }
    await move(60)
    // The first time the end itself has to be found.
    expect(looks.some(({ to }) => to >= ENDS)).toBe(true)
    looks = []
    for (let round = 0; round < 60; round += 1) {
      clock += 1_000
      await move(1)
    }
    const parts = looks.filter(({ from }) => from < ENDS - 100)
    expect(Math.max(...parts.map(({ from, to }) => to - from))).toBeLessThanOrEqual(4_096)
    const seen = new Set(parts.map(({ from }) => from))
    expect(seen.size).toBeGreaterThan(ENDS / 4_096 - 1)
  })
})
