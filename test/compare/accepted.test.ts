import { describe, expect, test } from 'vitest'
import { expiryOf, findAcceptance, splitAccepted } from '../../strangler/compare/accept-differences.ts'
import { matchesGlob, parsePathGlob } from '../../strangler/compare/path-glob.ts'
import type { AcceptedDifference, Difference } from '../../strangler/core/compare-words.ts'

const now = new Date('2026-11-25T12:00:00Z')
const where = { endpoint: 'GET /api/items', now }
const acceptance = (change: Partial<AcceptedDifference> = {}): AcceptedDifference => ({
  id: 'a1',
  endpoint: 'GET /api/items',
  path: '$.items[].note',
  kind: 'missing',
  owner: 'ann',
  because: 'nobody reads it',
  at: now.toISOString(),
  expiresAt: expiryOf(now),
  ...change,
})
const note = { kind: 'missing', path: '$.items[].note', count: 3, weight: 1 } as const satisfies Difference
const price = { kind: 'value', path: '$.items[].price', count: 1, weight: 1 } as const satisfies Difference

describe('an accepted difference', () => {
  test('covers its endpoint, path and kind for 30 days', () => {
    expect(expiryOf(now)).toBe('2026-12-25T12:00:00.000Z')
    expect(findAcceptance([acceptance()], where, note)).toMatchObject({ id: 'a1' })
    expect(splitAccepted([acceptance()], where, [note])).toEqual({ accepted: [note], left: [] })
  })

  test.each<[string, Partial<AcceptedDifference>]>([
    ['of another endpoint', { endpoint: 'GET /api/other' }],
    ['of another kind', { kind: 'extra' }],
    ['of another path', { path: '$.items[].notes' }],
    ['that has just expired', { expiresAt: now.toISOString() }],
    ['whose expiry cannot be read', { expiresAt: 'never' }],
  ])('one %s covers nothing', (_what, change) => {
    expect(splitAccepted([acceptance(change)], where, [note])).toEqual({ accepted: [], left: [note] })
  })

  test('leaves the differences beside it, unless another one covers them', () => {
    const both = [note, price]
    expect(splitAccepted([acceptance()], where, both)).toEqual({ accepted: [note], left: [price] })
    const all = [acceptance(), acceptance({ path: '$.items[].*', kind: 'any' })]
    expect(splitAccepted(all, where, both)).toEqual({ accepted: both, left: [] })
  })
})

describe('a path glob', () => {
  test.each([
    ['$.items[].price', '$.items[].price'],
    ['$.items[].*', '$.items[].price'],
    ['$.**', '$.items[].price'],
    ['$**', '$'],
    ['**.price', '$.price'],
    ['**.price', '$.items[].price'],
    ['**.items.**.price', '$.a.items[].b.price'],
    ['$["a.b"][]', '$["a.b"][]'],
    ['$.by-id.*.name', '$.by-id.*.name'],
    ['header:set-cookie[*]', 'header:set-cookie[sid]'],
    ['status', 'status'],
  ])('%s fits %s', (glob, path) => {
    expect(matchesGlob(glob, path)).toBe(true)
  })

  test.each([
    ['$.items[].price', '$.items[].prices'],
    ['$.items.price', '$.items[].price'],
    ['$.*', '$.a.b'],
    ['$.*', '$[]'],
    ['**.price', '$.price.net'],
    ['header:link', 'header:location'],
    ['$', 'status'],
  ])('%s does not fit %s', (glob, path) => {
    expect(matchesGlob(glob, path)).toBe(false)
  })

  test.each(['items', '$.', '$..a', '$[0]', '$.a b"', '$.a*', ''])('%j is none', (text) => {
    expect(parsePathGlob(text)).toBeUndefined()
  })
})
