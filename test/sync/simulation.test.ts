import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findRedis } from '../../strangler/infra/redis-server.ts'
import { requireProgram } from '../support/optional.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { CHILD_BESIDE_CASCADE } from './simulation/cascade-schedules.ts'
import { flushRedis } from './simulation/flush-redis.ts'
import { RESTORED_TARGET, WRITE_AFTER_THE_FENCE } from './simulation/ownership-schedules.ts'
import { type Outcome, type Simulation, simulate } from './simulation/run-simulation.ts'
import {
  LATE_COMMIT,
  OLD_COPY,
  REPAIR_BESIDE_A_WRITE,
  TWO_BLOCKS,
  TWO_HOLD_A_KEY,
} from './simulation/schedules.ts'
import type { DialectPair } from './simulation/stand.ts'

const mariadb = await requireProgram('mariadb')
const redis = await requireProgram('redis')
const seed = Number(process.env['STRANGLER_SEED'] ?? randomInt(2 ** 31))
const durationMs = Number(process.env['STRANGLER_SIMULATION_SECONDS'] ?? 5) * 1_000
const BAD_LUCK = { lost: 0.15, doubled: 0.2, longestDelayMs: 800 }
const TIMEOUT_MS = durationMs + 180_000

const PAIRS: readonly DialectPair[] = [
  { source: 'postgres', target: 'postgres' },
  { source: 'postgres', target: 'mariadb' },
  { source: 'mariadb', target: 'postgres' },
  { source: 'mariadb', target: 'mariadb' },
]

const plan = (pair: DialectPair): Simulation => ({
  pair,
  seed,
  faults: { ...BAD_LUCK, seed },
  writers: 6,
  durationMs,
  settleMs: 60_000,
  kills: true,
  schedules: [
    LATE_COMMIT,
    TWO_BLOCKS,
    REPAIR_BESIDE_A_WRITE,
    OLD_COPY,
    TWO_HOLD_A_KEY,
    CHILD_BESIDE_CASCADE,
    RESTORED_TARGET,
    // It ends the sync.
    WRITE_AFTER_THE_FENCE,
  ],
})

const shorten = (rows: readonly string[]) => [rows.length, ...rows.slice(0, 10)]

function expectTheSame(pair: DialectPair, outcome: Outcome): void {
  const { missing, different, extra, ...rest } = outcome
  const counts = { missing: shorten(missing), different: shorten(different), extra: shorten(extra) }
  process.stderr.write(
    `STRANGLER_SEED=${seed} ${pair.source} → ${pair.target} ${JSON.stringify({ ...counts, ...rest })}\n`,
  )
  expect(outcome).toMatchObject({
    missing: [],
    different: [],
    extra: [],
    logEntries: 0,
    quarantined: 0,
    backfilled: true,
  })
  expect(outcome.settledMs).toBeDefined()
  expect(outcome.writes).toBeGreaterThan(300)
  expect(outcome.kills).toBeGreaterThan(1)
}

const lacks = (pair: DialectPair) => mariadb === undefined && Object.values(pair).includes('mariadb')
const [first, second, third, last] = PAIRS as readonly [DialectPair, DialectPair, DialectPair, DialectPair]

/** Two beside each other: they share no database. More would leave each too little of a small machine to be a storm. */
describe.each([[[first, last]], [[second, third]]])(`seed ${seed}`, (pairs) => {
  for (const pair of pairs)
    test
      .skipIf(lacks(pair))
      .concurrent(
        `${pair.source} → ${pair.target}: nothing is missing, different or extra after bad luck of every kind`,
        { timeout: TIMEOUT_MS },
        async () => {
          expectTheSame(pair, await simulate(plan(pair)))
        },
      )
})

describe(`neither through real queues (seed ${seed})`, () => {
  test
    .skipIf(redis === undefined || lacks(last))
    .concurrent('in a Redis that is flushed again and again', { timeout: TIMEOUT_MS }, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'strangler-simulation-'))
      const server = await findRedis({ directory, env: { PATH: process.env['PATH'] } })
      if (server.kind !== 'redis') throw new Error(server.description)
      const { url } = server
      try {
        const queue = { kind: 'redis', url } as const
        expectTheSame(last, await simulate({ ...plan(last), queue, flush: () => flushRedis(url) }))
      } finally {
        await server.stop()
        await rm(directory, { recursive: true, force: true })
      }
    })

  test.concurrent('of BullMQ in PostgreSQL', { timeout: TIMEOUT_MS }, async () => {
    const database = await createTestDatabase('sim_queue')
    try {
      const queue = { kind: 'postgres', url: database.url } as const
      expectTheSame(first, await simulate({ ...plan(first), queue }))
    } finally {
      await database.drop()
    }
  })
})
