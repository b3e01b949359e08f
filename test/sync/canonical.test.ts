import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ColumnFamily } from '../../strangler/core/sync-words.ts'
import { canonicalizeCell, decodeKey, encodeKey, hashRow } from '../../strangler/sync/canonical.ts'
import { canonicalizeDecimal, canonicalizeJson } from '../../strangler/sync/canonical-json.ts'

test('a key reads back as the texts that it was made of, whatever they are', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (texts) => {
      expect(decodeKey(encodeKey(texts))).toEqual(texts)
    }),
  )
  expect(encodeKey(['42', 'de'])).toBe('["42","de"]')
})

test.each(['', '[]', '[1]', '"a"', '{"a":"b"}', '[null]'])('%j is no key', (text) => {
  expect(() => decodeKey(text)).toThrow()
})

test.each([
  ['1.50', '1.5'],
  ['-0.00', '0'],
  ['007', '7'],
  ['1e2', '100'],
  ['1.25E-3', '0.00125'],
  ['12345678901234567890.10', '12345678901234567890.1'],
  ['100', '100'],
  ['.5', '0.5'],
  ['+3', '3'],
  ['NaN', 'NaN'],
  ['-Infinity', '-Infinity'],
])('the decimal %s is %s', (text, canonical) => {
  expect(canonicalizeDecimal(text)).toBe(canonical)
})

test('two decimals have one text exactly when they are the same number', () => {
  const digits = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n })
  fc.assert(
    fc.property(digits, digits, fc.nat(30), fc.nat(5), (one, other, scale, zeros) => {
      const write = (value: bigint, places: number) => {
        const text = String(value < 0n ? -value : value).padStart(places + 1, '0')
        const point = text.length - places
        return `${value < 0n ? '-' : ''}${text.slice(0, point)}.${text.slice(point)}`
      }
      const padded = write(one * 10n ** BigInt(zeros), scale + zeros)
      expect(canonicalizeDecimal(padded)).toBe(canonicalizeDecimal(write(one, scale)))
      expect(canonicalizeDecimal(write(one, scale)) === canonicalizeDecimal(write(other, scale))).toBe(
        one === other,
      )
    }),
  )
})

test('JSON has one text whatever its spaces and the order of its keys', () => {
  const shuffled = (value: unknown): string => {
    if (Array.isArray(value)) return `[ ${value.map(shuffled).join(' ,\n')} ]`
    if (value === null || typeof value !== 'object') return JSON.stringify(value)
    const members = Object.entries(value).toReversed()
    return `{${members.map(([name, member]) => `\t${JSON.stringify(name)} : ${shuffled(member)}`).join(',')}}`
  }
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const canonical = canonicalizeJson(JSON.stringify(value))
      expect(canonicalizeJson(shuffled(value))).toBe(canonical)
      expect(canonicalizeJson(canonical)).toBe(canonical)
      // Still the same value; -0 is 0.
      expect(JSON.parse(canonical)).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('numbers in JSON are compared by their exact value; JSON.parse would call these two equal', () => {
  const [one, other] = ['[12345678901234567890]', '[12345678901234567891]']
  expect(canonicalizeJson(one)).not.toBe(canonicalizeJson(other))
  expect(JSON.parse(one)).toEqual(JSON.parse(other))
  expect(canonicalizeJson('[1.0, 1e0, 10E-1, 1]')).toBe('[1,1,1,1]')
  expect(canonicalizeJson('{"a":1,"a":2}')).toBe('{"a":2}')
  expect(canonicalizeJson('{"__proto__":{"x":1},"\\u0061":"\\ud83d\\ude00"}')).toBe(
    '{"__proto__":{"x":1},"a":"😀"}',
  )
})

test.each(['', '{', '[1,]', '{"a"}', '[1 2]', 'nul', '"a', '1 2', '{"a":1,}', '[01x]'])(
  '%j is not JSON',
  (text) => {
    expect(() => canonicalizeJson(text)).toThrow(SyntaxError)
  },
)

test.each<[ColumnFamily, string, string]>([
  ['float', '1e+20', '1e20'],
  ['float', '0.00001', '1e-05'],
  ['float', '-0', '0'],
  ['boolean', '1', 'true'],
  ['timestamp', '2024-01-01 00:00:00', '2024-01-01 00:00:00.000000'],
  ['timestamptz', '2024-01-01 00:00:00.5', '2024-01-01 00:00:00.500000'],
  ['timestamp', '0044-03-15 00:00:00 BC', '0044-03-15 00:00:00.000000 BC'],
  ['time', '10:00:00.12', '10:00:00.120000'],
  ['uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['array', '["1", null]', '["1",null]'],
])('as a %s, %s and %s are the same value', (family, one, other) => {
  expect(canonicalizeCell(family, one)).toBe(canonicalizeCell(family, other))
  expect(hashRow([family], [one])).toBe(hashRow([family], [other]))
})

test('a hash has 128 bits and tells apart what a careless one would not', () => {
  const hashes = [
    hashRow(['text', 'text'], ['ab', 'c']),
    hashRow(['text', 'text'], ['a', 'bc']),
    hashRow(['text', 'text'], ['abc', '']),
    hashRow(['text', 'text'], ['abc', null]),
    hashRow(['text', 'text'], [null, 'abc']),
    hashRow(['text', 'text'], ['1:a', 't1:b']),
    hashRow(['text'], ['1']),
    hashRow(['integer'], ['1']),
    hashRow(['text'], [' 1']),
    hashRow(['text'], ['-']),
    hashRow(['text'], [null]),
    hashRow(['text'], ['null']),
    hashRow(['integer'], ['9007199254740992']),
    hashRow(['integer'], ['9007199254740993']),
  ]
  expect(new Set(hashes).size).toBe(hashes.length)
  for (const one of hashes) expect(one).toMatch(/^[0-9a-f]{32}$/)
  expect(() => hashRow(['text'], ['a', 'b'])).toThrow(/2 cells/)
})
