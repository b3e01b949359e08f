import { expect, test } from 'vitest'
import {
  applyWithoutVersions,
  cachedSequence,
  cursorRelay,
  repairWithoutLock,
} from './simulation/broken-twins.ts'
import type { Faults } from './simulation/faulty-transport.ts'
import { createMemoryTransport } from './simulation/memory-transport.ts'
import { type Simulation, simulate } from './simulation/run-simulation.ts'

const PERFECT = { lost: 0, doubled: 0, longestDelayMs: 50 }
const WORSE_LUCK = { lost: 0.15, doubled: 0.5, longestDelayMs: 3_000 }

// Each twin breaks one decision of the design, and the randomised test must see it; some of them on a perfect transport already.
test.each<[string, () => NonNullable<Simulation['twist']>, Faults]>([
  ['a relay with a cursor', cursorRelay, PERFECT],
  ['an applier without versions and tombstones', () => applyWithoutVersions, WORSE_LUCK],
  ['a repair that makes up entries without the lock', () => repairWithoutLock, PERFECT],
  ['versions from a sequence with a cache', () => cachedSequence, PERFECT],
])('%s loses data in the same simulation', { retry: 2, timeout: 60_000 }, async (name, twist, faults) => {
  const outcome = await simulate({
    seed: Date.now() % 1_000_000,
    transport: createMemoryTransport(),
    faults,
    writers: 5,
    durationMs: 8_000,
    settleMs: 15_000,
    twist: twist(),
  })
  const { missing, different, extra, logEntries, quarantined, reports } = outcome
  const wrong = { missing: missing.length, different: different.length, extra: extra.length }
  process.stderr.write(
    `${name}: ${JSON.stringify({ ...wrong, logEntries, quarantined: quarantined.length, reports })}\n`,
  )
  expect(wrong.missing + wrong.different + wrong.extra).toBeGreaterThan(0)
})
