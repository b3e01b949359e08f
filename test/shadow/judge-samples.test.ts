import { expect, test } from 'vitest'
import { judgeSample } from '../../strangler/admin/judge-samples.ts'
import type { AcceptedDifference, Difference } from '../../strangler/core/compare-words.ts'
import type { KeptEvidence } from '../../strangler/core/comparison-store.ts'

const ENDPOINT = 'GET /items/:id'
const COUNTS: Readonly<Record<string, { calibrated: number; noisy: number }>> = {
  '$.at': { calibrated: 40, noisy: 40 },
  '$.stock': { calibrated: 40, noisy: 0 },
  '$.new': { calibrated: 2, noisy: 0 },
}
const EVIDENCE: KeptEvidence = {
  basis: {
    ...{ id: 'b', capability: 'inventory', monolithBuild: 'm1', serviceBuild: 's1', fingerprint: 'f' },
    firstSeenAt: '2026-11-26T00:00:00Z',
  },
  tallies: [{ endpoint: ENDPOINT, tally: 'mismatch', count: 40 }],
  differences: Object.entries(COUNTS).map(([path, counts]) => ({
    ...{ endpoint: ENDPOINT, path, kind: 'value' as const, ...counts },
    ...{ differing: counts.calibrated, accepted: 0, weight: 1 },
  })),
  sets: [],
  shapes: [],
}
const NOW = new Date('2026-11-26T12:00:00Z')
const ACCEPTED: AcceptedDifference = {
  ...{ id: 'a1', endpoint: ENDPOINT, path: '$.stock', kind: 'any', owner: 'ana', because: 'rounded' },
  ...{ at: '2026-11-26T00:00:00Z', expiresAt: '2026-12-26T00:00:00Z' },
}

function judge(paths: readonly string[], accepted: readonly AcceptedDifference[] = [], evidence = EVIDENCE) {
  const differences: Difference[] = paths.map((path) => ({ kind: 'value', path, count: 1, weight: 1 }))
  return judgeSample({ endpoint: ENDPOINT, differences }, evidence, { accepted, now: NOW })
}

test.each([
  [['$.at'], 'noise'],
  [['$.at', '$.stock'], 'mismatch'],
  [['$.at', '$.new'], 'unknown'],
  [['$.never-counted'], 'unknown'],
  [['$.new', '$.stock'], 'mismatch'],
])('a sample that differs at %j is %s by what is known now', (paths, verdict) => {
  expect(judge(paths)).toBe(verdict)
})

test('a sample whose real differences somebody answers for is accepted, and once that has expired a mismatch', () => {
  expect(judge(['$.at', '$.stock'], [ACCEPTED])).toBe('accepted')
  expect(judge(['$.new', '$.stock'], [ACCEPTED])).toBe('unknown')
  expect(judge(['$.stock'], [{ ...ACCEPTED, expiresAt: '2026-11-26T11:00:00Z' }])).toBe('mismatch')
})

test('a sample of builds of which no counts are kept any more is unknown', () => {
  const differences: Difference[] = [{ kind: 'value', path: '$.at', count: 1, weight: 1 }]
  expect(judgeSample({ endpoint: ENDPOINT, differences }, undefined, { accepted: [], now: NOW })).toBe(
    'unknown',
  )
})
