import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileRules } from '../../strangler/compare/compile-rules.ts'
import { parseExactJson } from '../../strangler/compare/exact-json.ts'
import type { CompareRules } from '../../strangler/core/compare-words.ts'
import { answer, compare, compareJson, tell } from './answers.ts'

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'id', 'price', 'constructor', '__proto__', 'a.b', '', 'x[]', '1001'),
  fc.string({ maxLength: 6 }),
)
const leaf = fc.oneof(
  fc.constantFrom(null, true, false, 0, -0, 1, 1.5, '', 'x'),
  fc.integer(),
  fc.string({ maxLength: 20 }),
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 6 }),
    // As JSON.parse makes it: `__proto__` is a member like any other.
    fc.array(fc.tuple(name, tie('value')), { maxLength: 6 }).map((members) => Object.fromEntries(members)),
  ),
}))

/** Texts are values too, and not JSON. */
const compareValues = (one: unknown, other: unknown, rules: CompareRules = {}) =>
  compareJson(JSON.stringify(one), JSON.stringify(other), rules)

describe('for any JSON', () => {
  test('a body does not differ from itself, however it is written', () => {
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 2, '\t'), (body, space) => {
        expect(compareJson(JSON.stringify(body), JSON.stringify(body, undefined, space))).toEqual(['same'])
      }),
    )
  })

  test('a body differs from another one exactly if they are other values', () => {
    fc.assert(
      fc.property(value, value, (one, other) => {
        // Texts with sorted names: what differs in them differs.
        const same = canonical(one) === canonical(other)
        expect(compareValues(one, other)[0] === 'same').toBe(same)
      }),
    )
  })

  test('both ways show as many differences, with missing and extra the other way round', () => {
    const turned = { missing: 'extra', extra: 'missing' } as Record<string, string>
    fc.assert(
      fc.property(value, value, (one, other) => {
        const there = compareValues(one, other).sort()
        const back = compareValues(other, one)
          .map((found) => found.replace(/^\w+/, (kind) => turned[kind] ?? kind))
          .sort()
        expect(back).toEqual(there)
      }),
    )
  })

  test('an edit is found where it was made', () => {
    fc.assert(
      fc.property(value, fc.nat(), (body, pick) => {
        const places = leavesOf(body)
        fc.pre(places.length > 0)
        const edited = structuredClone(places[pick % places.length]!)
        const changed = replaceAt(body, edited.steps, 'edited \u0000')
        const found = compareValues(body, changed)
        const path = compileRules()
        expect(found).toHaveLength(1)
        expect(found[0]).toBe(
          `${typeof edited.leaf === 'string' ? 'value' : 'type'} ${pathOf(path, edited.steps)}`,
        )
      }),
    )
  })

  test('JSON read exactly is what JSON.parse reads, where that loses nothing', () => {
    fc.assert(
      fc.property(value, (body) => {
        const text = JSON.stringify(body)
        expect(parseExactJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  test('a member that stands twice is never lost', () => {
    fc.assert(
      fc.property(value, fc.json(), (body, twice) => {
        const text = `{"x":${JSON.stringify(body)},"d":${twice},"d":0}`
        expect(compareJson(text, `{"x":${JSON.stringify(body)},"d":0}`)).not.toEqual(['same'])
        expect(compareJson(text, text)).toEqual(['same'])
      }),
    )
  })

  test('all rules at once never make a comparison fail', () => {
    const rules = {
      ignore: ['**.a'],
      lists: [{ path: '**' }, { path: '$[]', keyedBy: 'id' }],
      numbers: [{ path: '**.price', within: 1 }],
      nullIsAbsent: true,
    }
    fc.assert(
      fc.property(value, value, (one, other) => {
        expect(compareValues(one, one, rules)).toEqual(['same'])
        expect(compareValues(one, other, rules).length).toBe(compareValues(other, one, rules).length)
      }),
    )
  })
})

describe('for any bytes', () => {
  const type = fc.constantFrom(
    ...['application/json', 'text/html', 'application/xml', 'text/plain; charset=utf-16', 'image/png'],
    ...[
      'application/x-www-form-urlencoded',
      'multipart/mixed; boundary=a',
      'application/x-ndjson',
      '',
      ';;=',
    ],
  )
  const encoding = fc.constantFrom('gzip', 'br', 'zstd', 'deflate', 'identity', 'gzip, br', ',')
  const any = fc
    .record({ body: fc.uint8Array({ maxLength: 200 }), type, encoding, isEncoded: fc.boolean() })
    .map(({ body, type, encoding, isEncoded }) =>
      answer(body, { type, headers: isEncoded ? ['content-encoding', encoding] : [] }),
    )

  test('a comparison ends with a verdict, and an answer is never different from itself', () => {
    fc.assert(
      fc.property(any, any, fc.constantFrom('GET', 'HEAD'), (one, other, method) => {
        expect(['same', 'different', 'skipped']).toContain(compare(one, other, {}, { method }).kind)
        expect(tell(compare(one, one, {}, { method }))[0]).toMatch(/^(same|skipped encoding)$/)
      }),
      { numRuns: 500 },
    )
  })

  test('letters of markup, JSON and multipart in any order too', () => {
    const soup = fc
      .array(
        fc.constantFrom(
          '<',
          '>',
          '</',
          'p',
          '"',
          '{',
          '}',
          '[',
          ']',
          ':',
          ',',
          '1',
          '--a',
          '\r\n',
          '\\',
          '\u00e9',
        ),
      )
      .map((letters) => letters.join(''))
    fc.assert(
      fc.property(soup, soup, type, (one, other, type) => {
        expect(['same', 'different', 'skipped']).toContain(
          compare(answer(one, { type }), answer(other, { type })).kind,
        )
      }),
      { numRuns: 500 },
    )
  })
})

interface Leaf {
  readonly steps: readonly (string | number)[]
  readonly leaf: unknown
}

function leavesOf(body: unknown, steps: readonly (string | number)[] = []): Leaf[] {
  if (Array.isArray(body)) return body.flatMap((entry, index) => leavesOf(entry, [...steps, index]))
  if (typeof body !== 'object' || body === null) return [{ steps, leaf: body }]
  return Object.entries(body).flatMap(([key, member]) => leavesOf(member, [...steps, key]))
}

function replaceAt(body: unknown, [step, ...rest]: readonly (string | number)[], leaf: unknown): unknown {
  if (step === undefined) return leaf
  if (Array.isArray(body)) return body.with(step as number, replaceAt(body[step as number], rest, leaf))
  const members = Object.entries(body as object)
  return Object.fromEntries(
    members.map(([key, member]) => [key, key === step ? replaceAt(member, rest, leaf) : member]),
  )
}

function pathOf(rules: ReturnType<typeof compileRules>, steps: readonly (string | number)[]): string {
  let node = rules.tree.root()
  for (const step of steps) node = typeof step === 'number' ? node.entry() : node.member(step, 0)
  return node.path
}

function canonical(body: unknown): string {
  if (Array.isArray(body)) return `[${body.map(canonical).join(',')}]`
  if (typeof body !== 'object' || body === null) return JSON.stringify(body)
  return `{${Object.keys(body)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical((body as Record<string, unknown>)[key])}`)
    .join(',')}}`
}
