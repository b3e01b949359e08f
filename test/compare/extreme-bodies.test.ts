import { describe, expect, test } from 'vitest'
import { compileRules } from '../../strangler/compare/compile-rules.ts'
import { liftJson } from '../../strangler/compare/lift-json.ts'
import { Walk } from '../../strangler/compare/walk.ts'
import { answer, compare, compareJson, tell } from './answers.ts'

const newWalk = (visitBound: number) =>
  new Walk({ baseUrls: [], nullIsAbsent: false, aliases: undefined, visitBound })

/** Values visited while comparing two JSON texts. */
function visits(one: string, other: string, rules = {}): number {
  const compiled = compileRules(rules)
  const walk = newWalk(4 * (one.length + other.length))
  const [primary, shadow] = [one, other].map((text) => liftJson(text))
  if (primary?.kind !== 'value' || shadow?.kind !== 'value') throw new Error('not JSON')
  walk.compare(compiled.tree.root(), primary.value, shadow.value)
  return walk.visited
}

describe('the number of values visited grows as the body does', () => {
  const SIZES = [1_000, 4_000, 16_000]
  const shuffled = <T>(list: readonly T[]) => list.map((_, i) => list[(i * 7_919) % list.length]!)
  const range = <T>(size: number, make: (index: number) => T) =>
    Array.from({ length: size }, (_, index) => make(index))
  const item = (id: number) => ({ id, name: `item ${id}`, tags: [id, id + 1] })
  const byKey = { lists: [{ path: '$', keyedBy: 'id' }] }
  const asSet = { lists: [{ path: '$' }] }

  test.each<[string, (size: number) => unknown, (size: number) => unknown, object]>([
    ['a keyed list in another order', (n) => range(n, item), (n) => shuffled(range(n, item)), byKey],
    ['a set in another order', (n) => range(n, item), (n) => shuffled(range(n, item)), asSet],
    [
      'a list that is not keyed, in another order',
      (n) => range(n, item),
      (n) => shuffled(range(n, item)),
      {},
    ],
    ['a list in which all is new', (n) => range(n, item), (n) => range(n, (i) => item(i + n)), {}],
    ['a set in which all is new', (n) => range(n, item), (n) => range(n, (i) => item(i + n)), asSet],
    [
      'a list with one more at the beginning',
      (n) => range(n, item),
      (n) => [item(-1), ...range(n, item)],
      {},
    ],
    ['equal entries only', (n) => range(n, () => 1), (n) => range(n + 1, () => 1), {}],
    // Alike in the letters that are looked at: a hash that meets itself everywhere.
    ['texts that collide', (n) => range(n, (i) => collide(i)), (n) => range(n, (i) => collide(i + n)), {}],
    [
      'texts that collide, as a set',
      (n) => range(n, (i) => collide(i)),
      (n) => range(n, (i) => collide(i + n)),
      asSet,
    ],
    [
      'an object with many members',
      (n) => Object.fromEntries(range(n, (i) => [`k${i}`, i])),
      (n) => Object.fromEntries(range(n, (i) => [`k${i}`, i + 1])),
      {},
    ],
    ['lists in lists in lists', (n) => nested(n, 0), (n) => nested(n, 1), {}],
    ['sets in sets in sets', (n) => nested(n, 0), (n) => nested(n, 1), { lists: [{ path: '**' }] }],
  ])('%s', (_what, primary, shadow, rules) => {
    const counts = SIZES.map((size) =>
      visits(JSON.stringify(primary(size)), JSON.stringify(shadow(size)), rules),
    )
    // Four times the body: four times the work, and not sixteen times.
    expect(counts[1]! / counts[0]!).toBeLessThan(5)
    expect(counts[2]! / counts[1]!).toBeLessThan(5)
  })

  test('a comparison that looks for every entry in the whole list is seen by this measure', () => {
    const counts = [200, 800].map((size) => {
      const walk = newWalk(0)
      const place = compileRules().tree.root()
      for (const one of range(size, item))
        for (const other of range(size, item)) walk.areEqual(place, one, other)
      return walk.visited
    })
    expect(counts[1]! / counts[0]!).toBeGreaterThan(10)
  })

  function collide(index: number): string {
    return `aaaaaaaa${String(index).padStart(8, '0')}bbbbbbbb`
  }

  /** Lists eight deep that differ everywhere, and have one more entry at every level. */
  function nested(size: number, change: number, depth = 8): unknown {
    if (depth === 0) return range(Math.max(1, Math.round(size / 256)), (i) => i + change * 1_000_000)
    return [...range(2, () => nested(size, change, depth - 1)), ...range(change, () => change)]
  }
})

describe('bodies of the extreme kind', () => {
  const deep = (depth: number, end: string) => `${'['.repeat(depth)}${end}${']'.repeat(depth)}`

  test('nesting of 10,000 and of a million is skipped, and matches itself', () => {
    for (const depth of [10_000, 1_000_000]) {
      expect(compareJson(deep(depth, '1'), deep(depth, '1'))).toEqual(['same'])
      expect(compareJson(deep(depth, '1'), deep(depth, '2'))).toEqual(['skipped too-deep'])
    }
    expect(compareJson(deep(400, '1'), deep(400, '2'))).toEqual([`value $${'[]'.repeat(400)}`])
    const markup = answer('<p><b>'.repeat(10_000), { type: 'text/html' })
    expect(tell(compare(markup, answer('<p>', { type: 'text/html' })))).toEqual(['skipped too-deep'])
    const objects = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`
    expect(compareJson(objects, '{}')).toEqual(['skipped too-deep'])
  })

  test('the deepest body that is compared is compared on a stack that is nearly used up', () => {
    const use = (frames: number): string[] =>
      frames === 0
        ? compareJson(`{"x":12345678901234567890,"a":${deep(390, '1')}}`, `{"x":1,"a":${deep(390, '2')}}`)
        : use(frames - 1)
    expect(use(1_000)).toHaveLength(2)
  })

  test('texts of one MiB', () => {
    const text = 'x'.repeat(2 ** 20)
    expect(compareJson({ a: text }, { a: `${text}y` })).toEqual(['value $.a'])
    expect(compareJson({ a: [text, `${text}1`] }, { a: [`${text}1`, text] })).toEqual(['order $.a'])
  })

  test('100,000 entries keyed by a field, in another order and one wrong', () => {
    const list = Array.from({ length: 100_000 }, (_, id) => ({ id, stock: id % 7 }))
    const other = list
      .map((_, at) => list[(at * 7_919) % list.length]!)
      .map((entry) => (entry.id === 5 ? { ...entry, stock: 99 } : entry))
    expect(compareJson(list, other, { lists: [{ path: '$', keyedBy: 'id' }] })).toEqual(['value $[].stock'])
    expect(compareJson(list, other, { lists: [{ path: '$' }] })).toEqual(['value $[].stock'])
  })

  test('20,000 members of one name', () => {
    const text = (last: number) => `{${Array.from({ length: 20_000 }, () => '"a":1').join(',')},"a":${last}}`
    expect(compareJson(text(1), text(2))).toEqual(['value $'])
  })
})
