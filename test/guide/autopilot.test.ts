import { describe, expect, test } from 'vitest'
import { decideMove } from '../../strangler/guide/autopilot.ts'
import type { GuideSnapshot } from '../../strangler/guide/snapshot.ts'
import { healthy } from './stand.ts'

const UNTIL_CUTOVER = { until: 'cutover' } as const
const canary = (percent: number, changes: Partial<GuideSnapshot['canary']> = {}): GuideSnapshot => {
  const good = healthy({ step: 'canary', percent })
  return { ...good, canary: { ...good.canary!, ...changes } }
}

test('a good build goes from percentage to percentage', () => {
  for (const [now, next] of [
    [1, 5],
    [5, 25],
    [25, 50],
    [50, 100],
  ] as const)
    expect(decideMove(canary(now), UNTIL_CUTOVER)).toMatchObject({
      kind: 'next',
      position: { step: 'canary', percent: next },
    })
})

test('without traffic it holds, and goes nowhere back', () => {
  const silent = canary(5, {
    service: { requests: 0, failures: 0 },
    monolith: { requests: 0, failures: 0 },
  })
  expect(decideMove(silent, UNTIL_CUTOVER).kind).toBe('hold')
})

describe('a guardrail takes everything back at once, with its evidence', () => {
  test.each([
    ['five failures in a row', { failuresInRow: 5 }, '5 times in a row'],
    ['thirty of the last three hundred', { failuresOfLast300: 30 }, '30 of its last 300'],
    ['2 % errors', { service: { requests: 5_000, failures: 100 } }, '99 % certainty'],
  ])('%s', (_what, changes, said) => {
    const move = decideMove(canary(25, changes), UNTIL_CUTOVER)
    expect(move).toMatchObject({
      kind: 'back',
      position: { step: 'shadow' },
      reason: expect.stringContaining(said),
    })
  })

  test('a sync that is paused', () => {
    const good = canary(25)
    const move = decideMove({ ...good, data: { ...good.data!, sync: 'paused' } }, UNTIL_CUTOVER)
    expect(move).toMatchObject({ kind: 'back', position: { step: 'sync' } })
  })

  test('four in a row, or one failure of sixty, are no reason yet', () => {
    expect(decideMove(canary(25, { failuresInRow: 4 }), UNTIL_CUTOVER).kind).toBe('next')
    expect(decideMove(canary(25, { service: { requests: 60, failures: 1 } }), UNTIL_CUTOVER).kind).toBe(
      'hold',
    )
  })
})

describe('answers that some users get, and that are wrong or late, take it back too', () => {
  const comparison = healthy().comparison!
  test.each([
    ['a wrong field', { openDifferences: 1 }, 'Real differences that are open: 1'],
    [
      'a share of mismatches that more requests cannot mend',
      { netMismatches: 90, netUpperBound: 0.02 },
      'differ beyond noise',
    ],
    [
      'a service that is three times as slow',
      { serviceP95Ms: 3 * 12, slowAnswers: { count: 9_000, of: 9_990, limitMs: 15 } },
      "the service's p95 is 36 ms",
    ],
  ])('%s', (_what, changes, said) => {
    const bad = { ...canary(25), comparison: { ...comparison, ...changes } }
    expect(decideMove(bad, UNTIL_CUTOVER)).toMatchObject({
      ...{ kind: 'back', position: { step: 'shadow' }, reason: expect.stringContaining(said) },
      gates: [{ state: 'fail' }],
    })
    // Before anybody reads from it, it only holds.
    const shadowed = { ...healthy({ step: 'shadow' }), comparison: { ...comparison, ...changes } }
    expect(decideMove(shadowed, UNTIL_CUTOVER).kind).toBe('hold')
  })

  test.each([
    // The first ones of a process that has just begun.
    ['one slow answer of twenty', { count: 1, of: 20 }],
    ['twenty slow answers of twenty', { count: 20, of: 20 }],
    ['sixteen of two hundred, which may be chance', { count: 16, of: 200 }],
  ])('but %s is no reason, and opens no gate either', (_what, slow) => {
    const late = { ...comparison, serviceP95Ms: 36, slowAnswers: { ...slow, limitMs: 15 } }
    expect(decideMove({ ...canary(25), comparison: late }, UNTIL_CUTOVER)).toMatchObject({
      ...{ kind: 'hold', reason: expect.stringContaining('not enough to be certain') },
    })
  })

  test('what the monolith needs as well when it is asked in the same way is no slowness of the service', () => {
    const starved = { ...comparison, serviceP95Ms: 36, slowAnswers: { count: 0, of: 9_990, limitMs: 45 } }
    const at = (answers: number) => ({ ...starved, monolithAgain: { p95Ms: 33, answers } })
    expect(decideMove({ ...canary(25), comparison: at(60) }, UNTIL_CUTOVER).kind).toBe('next')
    // Without it, or with too few of them, it is not known.
    for (const unknown of [starved, at(59)])
      expect(decideMove({ ...canary(25), comparison: unknown }, UNTIL_CUTOVER).kind).toBe('hold')
  })

  test('and twenty of two hundred are', () => {
    const late = { ...comparison, serviceP95Ms: 36, slowAnswers: { count: 20, of: 200, limitMs: 15 } }
    expect(decideMove({ ...canary(25), comparison: late }, UNTIL_CUTOVER)).toMatchObject({ kind: 'back' })
  })
})

test('where the service owns it calls for a person instead: it never moves ownership', () => {
  const owned = {
    ...canary(100, { failuresInRow: 9 }),
    owner: 'service' as const,
    migration: healthy({ step: 'soak' }).migration!,
  }
  expect(decideMove(owned, UNTIL_CUTOVER).kind).toBe('call')
  expect(decideMove(owned, { until: 'all' }).kind).toBe('call')
})

test('the cut-over and retiring are for a person, unless all was asked for', () => {
  const ready = canary(100)
  expect(decideMove(ready, UNTIL_CUTOVER)).toMatchObject({ kind: 'call' })
  expect(decideMove(ready, { until: 'all' })).toMatchObject({ kind: 'next', position: { step: 'cutover' } })
})

test('after the last step nothing is left to do', () => {
  expect(decideMove(healthy({ step: 'retire' }), { until: 'all' })).toEqual({ kind: 'done' })
})
