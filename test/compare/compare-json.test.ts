import { describe, expect, test } from 'vitest'
import { answer, compare, compareJson } from './answers.ts'

describe('two JSON bodies', () => {
  test.each<[string, unknown, unknown, string[]]>([
    ['spaces and the order of members mean nothing', '{"a":1, "b":[1,2]}', '{"b":[1,2],"a":1.0}', ['same']],
    ['another value', { a: { b: 1 } }, { a: { b: 2 } }, ['value $.a.b']],
    ['another type', { a: 1 }, { a: '1' }, ['type $.a']],
    ['null is no number', { a: 1 }, { a: null }, ['type $.a']],
    ['a list is no object', { a: [] }, { a: {} }, ['type $.a']],
    ['a member that the shadow lacks', { a: 1, b: 2 }, { a: 1 }, ['missing $.b']],
    ['a member that only the shadow has', { a: 1 }, { a: 1, b: null }, ['extra $.b']],
    ['a name that objects have by birth', { a: 1 }, { a: 1, constructor: 2 }, ['extra $.constructor']],
    ['an odd name', { 'a.b': 1 }, { 'a.b': 2 }, ['value $["a.b"]']],
    ['a wrong field of every entry', [{ p: 1 }, { p: 2 }], [{ p: 3 }, { p: 4 }], ['value $[].p ×2']],
    [
      'records by id',
      { 1001: { p: 1 }, 1002: { p: 1 } },
      { 1001: { p: 2 }, 1002: { p: 2 } },
      ['value $.*.p ×2'],
    ],
    ['one empty body', '', { a: 1 }, ['extra $']],
    ['one that is no JSON', '{"a":', { a: 1 }, ['undecodable $']],
    ['two that are no JSON, and the same', '{"a":', '{"a":', ['same']],
    ['two that are no JSON', '{"a":', '{"b":', ['value $.sha256']],
  ])('%s', (_name, primary, shadow, expected) => {
    expect(compareJson(primary, shadow)).toEqual(expected)
  })

  test('a difference weighs as many siblings as differ with it, and the lightest come first', () => {
    const found = compare(
      answer(JSON.stringify({ total: 1, lines: [{ a: 1, b: 1, c: 1 }] })),
      answer(JSON.stringify({ total: 2, lines: [{ a: 2, b: 2, c: 2 }] })),
    )
    expect(found).toMatchObject({
      more: 0,
      differences: [
        { path: '$.total', weight: 1, primary: '1', shadow: '2' },
        { path: '$.lines[].a', weight: 3 },
        { path: '$.lines[].b', weight: 3 },
        { path: '$.lines[].c', weight: 3 },
      ],
    })
  })

  test('so many differences are told, and how many more there are', () => {
    const many = (value: number) =>
      answer(JSON.stringify(Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`field-${i}`, value]))))
    expect(compare(many(1), many(2))).toMatchObject({ differences: { length: 100 }, more: 30 })
  })
})

describe('what JSON.parse would lose', () => {
  test.each<[string, string, string, string[]]>([
    ['long integers', '{"id":12345678901234567890}', '{"id":12345678901234567891}', ['value $.id']],
    [
      'the same long integer in two writings',
      '{"id":12345678901234567890}',
      '{"id":1234567890123456789e1}',
      ['same'],
    ],
    ['long fractions', '[0.12345678901234567]', '[0.12345678901234568]', ['value $[]']],
    ['what is larger than every double', '[1e400]', '[1e500]', ['value $[]']],
    ['what is smaller than every double', '[1e-400]', '[0]', ['value $[]']],
    [
      'a long number beside others',
      '{"a":1.5,"b":123456789012345678}',
      '{"a":2.5,"b":123456789012345678}',
      ['value $.a'],
    ],
    ['1.50 is 1.5', '{"a":1.50,"b":12345678901234567890}', '{"a":1.5,"b":12345678901234567890}', ['same']],
    ['a name that stands twice', '{"a":{"x":1,"x":2}}', '{"a":{"x":2}}', ['value $.a']],
    ['the same twice in another order', '{"a":{"x":1,"x":2}}', '{"a":{"x":2,"x":1}}', ['value $.a']],
    [
      'the same twice, differently spaced',
      '{"a":{"x":1,"y":3,"x":2}}',
      '{"a":{ "y":3,"x":1,"x":2 }}',
      ['same'],
    ],
    ['a colon in a text is no member', '{"a":"b\\":c", "d":1}', '{"a":"b\\":c", "d":2}', ['value $.d']],
  ])('%s', (_name, primary, shadow, expected) => {
    expect(compareJson(primary, shadow)).toEqual(expected)
  })
})

test.each([
  ['{"id":12345678901234567890}', '{"id":12345678901234567891}'],
  ['[1e400]', '[1e500]'],
  ['{"x":1,"x":2}', '{"x":2}'],
])('JSON.parse alone would call %s and %s the same', (one, other) => {
  expect(JSON.parse(one)).toEqual(JSON.parse(other))
  expect(compareJson(one, other)).not.toEqual(['same'])
})

describe('lists', () => {
  const item = (id: number, price = 1) => ({ id, price, tags: ['x'] })
  test.each<[string, unknown[], unknown[], string[]]>([
    ['another order is one difference', [1, 2, 3], [3, 1, 2], ['order $']],
    ['moved objects too', [item(1), item(2), item(3)], [item(2), item(1), item(3)], ['order $']],
    ['one more at the beginning', [1, 2, 3], [0, 1, 2, 3], ['length $', 'extra $[]']],
    ['one less in the middle', [item(1), item(2), item(3)], [item(1), item(3)], ['length $', 'missing $[]']],
    [
      'one more, and one changed',
      [item(1), item(2), item(3)],
      [item(9), item(1), item(2, 5), item(3)],
      ['length $', 'extra $[]', 'value $[].price'],
    ],
    [
      'moved, and one changed',
      [item(1), item(2), item(3)],
      [item(3), item(2, 5), item(1)],
      ['order $', 'value $[].price'],
    ],
    ['only longer', [1], [1, 1], ['length $', 'extra $[]']],
    [
      'nested',
      [
        [1, 2],
        [3, 4],
      ],
      [
        [2, 1],
        [3, 4],
      ],
      ['order $[]'],
    ],
  ])('in order: %s', (_name, primary, shadow, expected) => {
    expect(compareJson(primary, shadow).sort()).toEqual(expected.toSorted())
  })

  const set = { lists: [{ path: '$' }] }
  test.each<[string, unknown[], unknown[], string[]]>([
    ['order means nothing', [item(1), item(2), item(3)], [item(3), item(1), item(2)], ['same']],
    ['how often does', [1, 1, 2], [1, 2, 2], ['value $[]']],
    [
      'one wrong field is that field',
      [item(1), item(2), item(3)],
      [item(3, 7), item(1, 7), item(2, 7)],
      ['value $[].price ×3'],
    ],
    ['what has no partner', [item(1), item(2)], [item(2), item(1), item(3)], ['length $', 'extra $[]']],
  ])('as a set: %s', (_name, primary, shadow, expected) => {
    expect(compareJson(primary, shadow, set).sort()).toEqual(expected.toSorted())
  })

  const keyed = { lists: [{ path: '$', keyedBy: 'id' }] }
  test.each<[string, unknown[], unknown[], string[]]>([
    ['order means nothing', [item(1), item(2)], [item(2), item(1)], ['same']],
    ['one wrong field is that field', [item(1), item(2)], [item(2, 7), item(1)], ['value $[].price']],
    ['what has no partner', [item(1), item(2)], [item(2), item(3)], ['missing $[]', 'extra $[]']],
    ['a key that stands twice', [item(1, 1), item(1, 2)], [item(1, 1), item(1, 3)], ['value $[].price']],
    ['entries without a key', [{ a: 1 }, item(1)], [item(1), { a: 2 }], ['value $[].a']],
    ['1 is not "1"', [{ id: 1 }], [{ id: '1' }], ['missing $[]', 'extra $[]']],
  ])('by key: %s', (_name, primary, shadow, expected) => {
    expect(compareJson(primary, shadow, keyed).sort()).toEqual(expected.toSorted())
  })
})
