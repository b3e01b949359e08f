import { expect, test } from 'vitest'
import type { ComparisonBatch, KeptBasis } from '../../strangler/core/comparison-store.ts'
import { createEvidenceBook, type EvidenceBook } from '../../strangler/shadow/evidence-book.ts'
import { keepEvidence } from '../../strangler/shadow/keep-evidence.ts'

const BASIS: KeptBasis = {
  ...{ id: 'b', capability: 'c', monolithBuild: 'm', serviceBuild: 's', fingerprint: 'f' },
}
const AT = new Date('2026-11-25T12:00:00Z')

function note(book: EvidenceBook, paths: readonly string[], endpoint = 'GET /x'): void {
  book.note(
    {
      comparison: {
        ...{
          id: 'i',
          at: AT.toISOString(),
          capability: 'c',
          endpoint,
          correlationId: 'r',
          primary: 'monolith',
        },
        ...{ verdict: 'mismatch', primaryMs: 1, shadowMs: 2 },
        differences: paths.map((path) => ({ kind: 'value' as const, path, count: 1, weight: 1 })),
      },
      ...{ basis: BASIS, accepted: [], shape: '→ 200', took: {} },
    },
    AT,
  )
}

test('what cannot be kept while the control database is away is kept when it is back, counted once', async () => {
  const book = createEvidenceBook()
  const kept: ComparisonBatch[] = []
  const reported: string[] = []
  let isAway = true
  const store = {
    add: async (batch: ComparisonBatch) => {
      if (isAway) throw new Error('away')
      kept.push(batch)
    },
  }
  const keeper = keepEvidence(book, store, (operation) => void reported.push(operation))
  for (let n = 0; n < 3; n++) {
    note(book, ['$.a'])
    await keeper.flush()
  }
  // The same failure every second tells nothing new.
  expect(reported).toEqual(['keep comparisons'])
  isAway = false
  await keeper.stop()
  expect(kept).toHaveLength(1)
  expect(kept[0]).toMatchObject({
    tallies: [{ tally: 'mismatch', count: 3 }],
    differences: [{ path: '$.a', differing: 3 }],
    sets: [{ places: ['value $.a'], count: 3 }],
  })
  expect(keeper.dropped).toBe(0)
})

test('what finds no room any more is dropped and counted', async () => {
  const book = createEvidenceBook()
  const store = { add: () => Promise.reject(new Error('away')) }
  const keeper = keepEvidence(book, store, () => undefined)
  for (let n = 0; n < 120; n++)
    note(
      book,
      Array.from({ length: 400 }, (_, i) => `$.a${i}`),
      `GET /${n}`,
    )
  await keeper.flush()
  expect(keeper.dropped).toBeGreaterThan(20_000)
  const batch = book.take()
  expect((batch?.differences.length ?? 0) + (batch?.tallies.length ?? 0)).toBeLessThanOrEqual(20_000)
  await keeper.stop()
})

test('of an endpoint 500 paths are counted one by one, the rest together', () => {
  const book = createEvidenceBook()
  for (let n = 0; n < 700; n++) note(book, [`$.a${n}`])
  const batch = book.take()
  expect(batch?.differences).toHaveLength(500)
  expect(batch?.tallies).toContainEqual(expect.objectContaining({ tally: 'overflow', count: 200 }))
  expect(batch?.sets.length).toBeLessThanOrEqual(201)
})
