import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findRedis } from '../../strangler/infra/redis-server.ts'
import { requireProgram } from '../support/optional.ts'
import { createMemoryTransport, type FlushableTransport } from './simulation/memory-transport.ts'
import { createFlushableRedis } from './simulation/redis-transport.ts'
import { type Outcome, type Simulation, simulate } from './simulation/run-simulation.ts'

const redis = await requireProgram('redis')
const seed = Number(process.env['STRANGLER_SEED'] ?? randomInt(2 ** 31))
const BAD_LUCK = { lost: 0.15, doubled: 0.2, longestDelayMs: 800 }

function announce(outcome: Outcome): void {
  const { missing, different, extra, ...rest } = outcome
  const counts = {
    missing: missing.length,
    different: different.length,
    extra: extra.length,
    ...rest,
    quarantined: rest.quarantined.slice(0, 8),
  }
  process.stderr.write(`STRANGLER_SEED=${seed} ${JSON.stringify(counts)}\n`)
}

const plan = (transport: FlushableTransport): Simulation => ({
  seed,
  transport,
  faults: BAD_LUCK,
  writers: 5,
  durationMs: 10_000,
  settleMs: 40_000,
})

function expectTheSame(outcome: Outcome): void {
  announce(outcome)
  expect(outcome).toMatchObject({
    missing: [],
    different: [],
    extra: [],
    logEntries: 0,
    quarantined: [],
    backfilled: true,
  })
  expect(outcome.writes).toBeGreaterThan(300)
}

test(`nothing is missing, different or extra after bad luck of every kind (seed ${seed})`, async () => {
  expectTheSame(await simulate(plan(createMemoryTransport())))
}, 90_000)

test.skipIf(redis === undefined)(
  `neither through a real Redis that is flushed again and again (seed ${seed})`,
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'strangler-simulation-'))
    const server = await findRedis({ directory, env: { PATH: process.env['PATH'] } })
    if (server.kind !== 'redis') throw new Error(server.description)
    try {
      expectTheSame(await simulate(plan(createFlushableRedis(server.url))))
    } finally {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    }
  },
  90_000,
)
