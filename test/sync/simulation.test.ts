import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { createMemoryTransport } from './simulation/memory-transport.ts'
import { type Outcome, type Simulation, simulate } from './simulation/run-simulation.ts'

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

const plan = (): Simulation => ({
  seed,
  transport: createMemoryTransport(),
  faults: BAD_LUCK,
  writers: 5,
  durationMs: 10_000,
  settleMs: 40_000,
})

test(`nothing is missing, different or extra after bad luck of every kind (seed ${seed})`, async () => {
  const outcome = await simulate(plan())
  announce(outcome)
  expect(outcome).toMatchObject({
    missing: [],
    different: [],
    extra: [],
    logEntries: 0,
    quarantined: [],
    backfilled: true,
  })
  expect(outcome.writes).toBeGreaterThan(500)
}, 90_000)
