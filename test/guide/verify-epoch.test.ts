import { expect, test } from 'vitest'
import { toDataEvidence } from '../../strangler/admin/guide/gather-data.ts'

const NOW = Date.now()
const REPORT = {
  ...{ startedAt: NOW - 60_000, tookMs: 1, compared: 1_000, rowsPerSecond: 1 },
  ...{ missing: 0, extra: 0, different: 0, inFlight: 0 },
}

/** The comparison that this process has made in one epoch, as the guide sees it in another. */
function verifyOf(madeIn: number, now: number) {
  return toDataEvidence({
    order: { epoch: now, state: 'running', backfill: true },
    status: {
      ...{ quarantine: [], strayWrites: [] },
      verification: { state: 'done', report: REPORT, epoch: madeIn },
    },
    lag: { p99Ms: () => 1, worstMs: () => 1, watchedMs: 1_000_000 },
    ...{ lagWindowMs: 1, logWindowMs: 1, findings: [] },
  } as never)?.verify
}

test('a comparison of an earlier epoch says nothing of a database that was restored since then', () => {
  expect(verifyOf(9, 9)).toMatchObject({ compared: 1_000, diverged: 0 })
  expect(verifyOf(5, 9)).toBeUndefined()
})
