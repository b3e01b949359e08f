import fc from 'fast-check'
import { match as expressMatch } from 'path-to-regexp'
import { expect, test } from 'vitest'
import { parseTemplate } from '../../strangler/routing/parse-template.ts'
import { createTrie, findLeaf, insertTemplate } from '../../strangler/routing/path-trie.ts'
import { tableOf } from '../support/tables.ts'

const endpointOf = (endpoints: string[], method: string, path: string) =>
  tableOf(endpoints).match(method, path)?.endpoint.id

test('a static segment wins over a mixed one, a parameter and a wildcard', () => {
  const endpoints = [
    'GET /api/*rest',
    'GET /api/items/:id',
    'GET /api/items/:name.json',
    'GET /api/items/low-stock',
  ]
  expect(endpointOf(endpoints, 'GET', '/api/items/low-stock')).toBe('GET /api/items/low-stock')
  expect(endpointOf(endpoints, 'GET', '/api/items/a.json')).toBe('GET /api/items/:name.json')
  expect(endpointOf(endpoints, 'GET', '/api/items/a')).toBe('GET /api/items/:id')
  expect(endpointOf(endpoints, 'GET', '/api/items/a/b')).toBe('GET /api/*rest')
})

test('a template without the method does not hide a less specific one that has it', () => {
  const endpoints = ['GET /api/items/low-stock', 'POST /api/items/:id']
  expect(endpointOf(endpoints, 'POST', '/api/items/low-stock')).toBe('POST /api/items/:id')
})

test('the search goes back when a more specific beginning leads nowhere', () => {
  const endpoints = ['GET /a/b/c', 'GET /a/:x/d', 'GET /*all']
  expect(endpointOf(endpoints, 'GET', '/a/b/d')).toBe('GET /a/:x/d')
  expect(endpointOf(endpoints, 'GET', '/a/b/e')).toBe('GET /*all')
})

test('HEAD is served by GET unless it has an endpoint of its own, and * by any method', () => {
  const endpoints = ['GET /a', '* /b', 'HEAD /c', 'GET /c']
  expect(endpointOf(endpoints, 'HEAD', '/a')).toBe('GET /a')
  expect(endpointOf(endpoints, 'PROPFIND', '/b')).toBe('* /b')
  expect(endpointOf(endpoints, 'HEAD', '/c')).toBe('HEAD /c')
  expect(endpointOf(endpoints, 'OPTIONS', '/a')).toBeUndefined()
})

test('case and one slash at the end do not matter, as in Express', () => {
  expect(endpointOf(['GET /api/Items/:id'], 'GET', '/API/items/AbC/')).toBe('GET /api/Items/:id')
  expect(endpointOf(['GET /api/items/:id'], 'GET', '/api/items/')).toBeUndefined()
})

test('an optional part gives both templates, and the root is a path', () => {
  expect(endpointOf(['GET /items{/:id}'], 'GET', '/items')).toBe('GET /items{/:id}')
  expect(endpointOf(['GET /items{/:id}'], 'GET', '/items/7')).toBe('GET /items{/:id}')
  expect(endpointOf(['GET /'], 'GET', '/')).toBe('GET /')
})

test.each([
  [['GET /a/:x', 'GET /a/:y'], /match the same requests/],
  [['GET /A/b', 'GET /a/B'], /match the same requests/],
  [['GET /a{/:x}', 'GET /a'], /match the same requests/],
  [['GET /a/:x.json', 'GET /a/:y.json'], /match the same requests/],
])('two endpoints that tie are refused: %s', (endpoints, message) => {
  expect(() => tableOf(endpoints)).toThrow(message)
})

test.each(['GET a', 'GET', '/a', 'GET /a//b', 'GET /a/:', 'GET /a/(b', 'GET /*a/x/*b'])(
  '%s is not an endpoint',
  (endpoint) => {
    expect(() => tableOf([endpoint])).toThrow(expect.objectContaining({ code: 'STRANGLER_CONFIG_INVALID' }))
  },
)

const segment = fc.constantFrom(
  'api',
  'items',
  'a',
  'b',
  ':id',
  ':name',
  ':x.json',
  'v-:y',
  ':f-:g',
  ':h-:i.json',
)
const template = fc.oneof(
  fc.array(segment, { minLength: 1, maxLength: 4 }),
  fc.tuple(fc.array(segment, { maxLength: 3 }), fc.constant('*rest')).map(([head, tail]) => [...head, tail]),
)
// One name twice in a template is an error in path-to-regexp.
const unique = template.map(
  (parts) => `/${parts.map((part, i) => part.replace(/[:*]\w+/, (name) => `${name}${i}`)).join('/')}`,
)
const path = fc
  .array(
    fc.constantFrom(
      'api',
      'items',
      'a',
      'b',
      'x.json',
      'v-1',
      'Z',
      '%20',
      'a-b-',
      'a-b.json',
      '-',
      'a--b',
      '',
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((parts) => `/${parts.join('/')}`)

test('a template matches exactly the paths that path-to-regexp, and so the monolith’s Express, matches', () => {
  fc.assert(
    fc.property(unique, path, (one, requested) => {
      const trie = createTrie<string>()
      for (const parsed of parseTemplate(one)) insertTemplate(trie, 'GET', parsed, one)
      const ours = findLeaf(trie, 'GET', requested.toLowerCase()) !== undefined
      expect(ours).toBe(expressMatch(one)(requested) !== false)
    }),
    { numRuns: 5_000 },
  )
})

test('the order of the configuration does not decide', () => {
  fc.assert(
    fc.property(fc.uniqueArray(unique, { minLength: 2, maxLength: 6 }), path, (templates, requested) => {
      const endpoints = templates.map((one) => `GET ${one}`)
      let forwards: string | undefined
      try {
        forwards = endpointOf(endpoints, 'GET', requested)
      } catch {
        return // A tie, which has its own test.
      }
      expect(endpointOf([...endpoints].reverse(), 'GET', requested)).toBe(forwards)
    }),
    { numRuns: 2_000 },
  )
})

test('500 endpoints are matched in under 2 µs each', () => {
  const endpoints = Array.from({ length: 500 }, (_, i) => `GET /api/area${i % 50}/things${i}/:id/part`)
  const table = tableOf(endpoints)
  const paths = Array.from({ length: 500 }, (_, i) => `/api/area${i % 50}/things${i}/abc${i}/part`)
  for (const one of paths) expect(table.match('GET', one)).toBeDefined()
  const rounds = Array.from({ length: 15 }, () => {
    const startedAt = process.threadCpuUsage()
    for (let i = 0; i < 20_000; i += 1) table.match('GET', paths[i % 500] as string)
    // Its own processor time: what others do on this machine does not count.
    const { user, system } = process.threadCpuUsage(startedAt)
    return (user + system) / 1_000 / 20
  })
  expect(Math.min(...rounds)).toBeLessThan(2)
})
