import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPositionBoard, type PositionBoard } from '../../strangler/state/position-board.ts'
import { createPositionKeeper } from '../../strangler/state/position-keeper.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { until } from './marks-stand.ts'

const SLOW_MS = 60_000
const keeper = createPositionKeeper(() => performance.now())
const writes: string[] = []
let database: TestDatabase
let control: pg.Client
let board: PositionBoard
let other: ChildProcess

beforeAll(async () => {
  database = await createTestDatabase('positions')
  control = new pg.Client({ connectionString: database.url })
  await control.connect()
  board = createPositionBoard({
    url: database.url,
    onHeartbeat: keeper.hear,
    onWrite: (capability) => writes.push(capability),
    report: () => undefined,
  })
  board.start()
  const program = fileURLToPath(new URL('programs/post-heartbeats.ts', import.meta.url))
  other = spawn(process.execPath, [program, database.url], { stdio: ['ignore', 'ignore', 'inherit'] })
  keeper.follow({ syncs: { stock: { epoch: 3, state: 'running', backfill: true } } })
  await until(() => keeper.lagMs('stock') !== undefined)
}, SLOW_MS)
afterAll(async () => {
  other.kill()
  await once(other, 'exit')
  await board.stop()
  await board.stop()
  await control.end()
  await database.drop()
})

/** What this process believes of the other one's W, against W itself, which may have gone on while it was asked. */
function findError(): { offBy: number; allowed: number } {
  const before = Date.now()
  const estimate = keeper.sourceNow('stock')
  if (estimate === undefined) throw new Error('nothing is known')
  const offBy = Math.max(before - estimate.ms, estimate.ms - Date.now(), 0)
  return { offBy, allowed: estimate.errorMs + 1 }
}

test('another process’s heartbeat is put on this process’s clock, within the error that it states', async () => {
  for (let look = 0; look < 20; look += 1) {
    const { offBy, allowed } = findError()
    expect(offBy).toBeLessThanOrEqual(allowed)
    expect(allowed).toBeLessThan(1_000)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(keeper.lagMs('stock')).toBeGreaterThanOrEqual(70)
  // On this process's clock: what happened a second ago is applied, what happens now is not.
  const here = keeper.appliedThroughHere('stock') ?? 0
  expect(here).toBeLessThan(performance.now())
  expect(here).toBeGreaterThan(performance.now() - 3_000)
})

test('a write that no store knows of is heard of', async () => {
  await until(() => writes.includes('stock'))
})

test('what is no heartbeat, or of another epoch, is not believed; nor is anything while the journal has the sync paused', async () => {
  for (const noise of ['', 'no JSON', '{}', 'null', '{"capability":"stock","epoch":9}'])
    await control.query(`SELECT pg_notify('strangler_positions', $1)`, [noise])
  const order = { state: 'running', backfill: true } as const
  keeper.follow({ syncs: { stock: { ...order, epoch: 4 } } })
  expect([keeper.lagMs('stock'), keeper.sourceNow('stock')]).toEqual([undefined, undefined])
  keeper.follow({ syncs: { stock: { epoch: 3, state: 'paused', backfill: true } } })
  expect(keeper.lagMs('stock')).toBeUndefined()
  expect(keeper.sourceNow('stock')).toBeDefined()
  keeper.follow({ syncs: { stock: { ...order, epoch: 3 } } })
  await until(() => keeper.lagMs('stock') !== undefined)
})

test(
  'a lost connection leaves nothing known within two seconds, and is opened again',
  async () => {
    const cut = () =>
      control.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'strangler-positions'`,
      )
    const cutting = setInterval(() => void cut(), 100)
    try {
      await until(() => keeper.lagMs('stock') === undefined)
    } finally {
      clearInterval(cutting)
    }
    await until(() => keeper.lagMs('stock') !== undefined)
    const { offBy, allowed } = findError()
    expect(offBy).toBeLessThanOrEqual(allowed)
  },
  SLOW_MS,
)
