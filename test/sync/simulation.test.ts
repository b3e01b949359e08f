import { randomInt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { requireProgram } from '../support/optional.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { startTestRedis } from '../support/redis.ts'
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
/** `npm run soak:sync` asks for more of each. */
const settingOf = (name: string, otherwise: number) =>
  Number(process.env[`STRANGLER_SIMULATION_${name}`] ?? otherwise)
const durationMs = settingOf('SECONDS', 5) * 1_000
const writers = settingOf('WRITERS', 6)
const leastWrites = settingOf('WRITES', 0)
const BAD_LUCK = { lost: 0.15, doubled: 0.2, longestDelayMs: 800 }
/** A slow machine takes longer for that many writes, but not for ever. */
const withinMs = leastWrites === 0 ? 0 : 5 * durationMs
// What a longer storm has left in the log takes longer.
const settleMs = 60_000 + durationMs
const TIMEOUT_MS = Math.max(durationMs, withinMs) + 2 * settleMs + 60_000

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
  writers,
  durationMs,
  atLeast: { writes: leastWrites, withinMs },
  settleMs,
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
    `STRANGLER_SEED=${seed} ${pair.source} → ${pair.target}, ${outcome.writes} writes by ${writers} writers in ${Math.round(outcome.stormMs / 1_000)} s: ${JSON.stringify({ ...counts, ...rest })}\n`,
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
  expect(outcome.writes).toBeGreaterThan(Math.max(300, leastWrites - 1))
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
      const { url, stop } = await startTestRedis()
      try {
        const queue = { kind: 'redis', url } as const
        expectTheSame(last, await simulate({ ...plan(last), queue, flush: () => flushRedis(url) }))
      } finally {
        await stop()
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
