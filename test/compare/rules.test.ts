import { describe, expect, test } from 'vitest'
import { joinRules } from '../../strangler/compare/compile-rules.ts'
import type { CompareRules } from '../../strangler/core/compare-words.ts'
import { compareJson } from './answers.ts'

const UUIDS = ['6f1f7a1c-8f9b-4c57-9a77-0d8f2b6c1a11', '0b0a7a1c-8f9b-4c57-9a77-0d8f2b6c1a22'] as const

describe('a rule', () => {
  test.each<[string, CompareRules, unknown, unknown]>([
    ['an ignored member, absent too', { ignore: ['$.a'] }, { a: 1, b: 1 }, { b: 1 }],
    ['everything beneath an ignored place', { ignore: ['$.a'] }, { a: { b: [1] } }, { a: { b: [2] } }],
    ['ignored at any depth', { ignore: ['**.at'] }, { at: 1, x: [{ at: 2 }] }, { at: 3, x: [{ at: 4 }] }],
    [
      'a list as a set, in spite of ignored members',
      { lists: [{ path: '$' }], ignore: ['**.at'] },
      [
        { i: 1, at: 1 },
        { i: 2, at: 2 },
      ],
      [
        { i: 2, at: 3 },
        { i: 1, at: 4 },
      ],
    ],
    ['a number within its tolerance', { numbers: [{ path: '**.p', within: 0.1 }] }, { p: 0.3 }, { p: 0.2 }],
    [
      'a number as a text within its tolerance',
      { numbers: [{ path: '**.p', within: 0.01 }] },
      { p: '1.50' },
      { p: 1.505 },
    ],
    [
      'a long number within its tolerance',
      { numbers: [{ path: '**.p', within: 0.1 }] },
      '{"p":0.12345678901234567}',
      '{"p":0.12345678901234568}',
    ],
    [
      'a date within its tolerance',
      { dates: [{ path: '$.d', withinMs: 1_000 }] },
      { d: '2026-01-01T00:00:00Z' },
      { d: '2026-01-01T01:00:00.900+01:00' },
    ],
    ['two uuids', { placeholders: [{ path: '$.u', pattern: 'uuid' }] }, { u: UUIDS[0] }, { u: UUIDS[1] }],
    [
      'two timestamps',
      { placeholders: [{ path: '$.t', pattern: 'timestamp' }] },
      { t: '2026-01-01T00:00:00Z' },
      { t: 1767225600000 },
    ],
    [
      'two texts that look alike',
      { placeholders: [{ path: '$.t', pattern: 'req-\\d+' }] },
      { t: 'req-1' },
      { t: 'req-22' },
    ],
    [
      'the addresses of the sides',
      { baseUrls: ['http://a:1/', 'http://b:22'] },
      { u: 'see http://a:1/x' },
      { u: 'see http://b:22/x' },
    ],
    ['null for absent', { nullIsAbsent: true }, { a: null }, { b: null }],
  ])('lets pass: %s', (_name, rules, primary, shadow) => {
    expect(compareJson(primary, shadow, rules)).toEqual(['same'])
    expect(compareJson(shadow, primary, rules)).toEqual(['same'])
    // Without the rule it differs: the rule is what has let it pass.
    expect(compareJson(primary, shadow)).not.toEqual(['same'])
  })

  test.each<[string, CompareRules, unknown, unknown, string]>([
    ['beside an ignored place', { ignore: ['$.a'] }, { a: 1, b: 1 }, { a: 2, b: 2 }, 'value $.b'],
    ['beyond a tolerance', { numbers: [{ path: '$.p', within: 0.1 }] }, { p: 1 }, { p: 1.11 }, 'value $.p'],
    [
      'a date beyond its tolerance',
      { dates: [{ path: '$.d', withinMs: 1_000 }] },
      { d: '2026-01-01T00:00:00Z' },
      { d: '2026-01-01T00:00:02Z' },
      'value $.d',
    ],
    [
      'one uuid',
      { placeholders: [{ path: '$.u', pattern: 'uuid' }] },
      { u: UUIDS[0] },
      { u: 'x' },
      'value $.u',
    ],
    [
      'a text with a uuid in it',
      { placeholders: [{ path: '$.u', pattern: 'uuid' }] },
      { u: `${UUIDS[0]}x` },
      { u: `${UUIDS[1]}x` },
      'value $.u',
    ],
    ['null for a value', { nullIsAbsent: true }, { a: null }, { a: 1 }, 'type $.a'],
    [
      'another path behind the address',
      { baseUrls: ['http://a', 'http://b'] },
      { u: 'http://a/x' },
      { u: 'http://b/y' },
      'value $.u',
    ],
  ])('does not let pass: %s', (_name, rules, primary, shadow, expected) => {
    expect(compareJson(primary, shadow, rules)).toEqual([expected])
  })

  test('of an endpoint stands beside those of its capability, and its single values win', () => {
    const wide: CompareRules = { ignore: ['$.a'], nullIsAbsent: true, headers: ['etag'] }
    expect(joinRules(wide, { ignore: ['$.b'], nullIsAbsent: false })).toMatchObject({
      ignore: ['$.a', '$.b'],
      nullIsAbsent: false,
      headers: ['etag'],
    })
    expect(joinRules(wide, {})).toMatchObject({ nullIsAbsent: true, lists: [] })
  })
})
