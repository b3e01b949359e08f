import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JournalEvent } from '../../strangler/core/words.ts'
import { type DecideOptions, type Decision, decide } from '../../strangler/routing/decide.ts'
import { identityOf, tableOf } from '../support/tables.ts'

const GET = 'GET /api/inventory/:sku'
const POST = 'POST /api/inventory/:sku/adjust'
const set = (
  endpoint: string,
  setting: Extract<JournalEvent, { kind: 'route.set' }>['setting'],
  unsafe?: true,
): JournalEvent => ({
  kind: 'route.set',
  endpoint,
  setting,
  ...(unsafe === true ? { unsafe } : {}),
})

interface Asked {
  events?: JournalEvent[]
  path?: string
  method?: string
  marks?: Parameters<typeof identityOf>[0]
  capability?: Parameters<typeof tableOf>[1]
  options?: DecideOptions
}

function ask({
  events = [],
  path = '/api/inventory/A',
  method = 'GET',
  marks,
  capability,
  options,
}: Asked): Decision {
  const decided = decide(
    tableOf([GET, POST], capability, events),
    { method, path },
    identityOf(marks),
    options,
  )
  if (decided === 'ambiguous') throw new Error('ambiguous')
  return decided
}

test('what no capability names goes to the monolith', () => {
  expect(ask({ path: '/elsewhere' })).toMatchObject({
    target: 'monolith',
    reason: 'STATIC',
    endpoint: undefined,
  })
})

test('monolith, shadow and service decide alone', () => {
  expect(ask({})).toMatchObject({ target: 'monolith', reason: 'STATIC', shadowTo: undefined })
  expect(ask({ events: [set(GET, { mode: 'shadow' })] })).toMatchObject({
    target: 'monolith',
    shadowTo: 'service',
  })
  expect(ask({ events: [set(GET, { mode: 'service' })] })).toMatchObject({
    target: 'service',
    reason: 'STATIC',
    tableVersion: 1,
  })
})

test('a canary takes the first mark that is present, and says which', () => {
  const capability = { unit: { header: 'X-User', cookie: 'sid', claim: 'sub' } }
  const events = [set(GET, { mode: 'canary', percent: 50 })]
  const all = { headers: { 'x-user': 'h' }, cookies: { sid: 'c' }, claims: { sub: 's' }, kit: 'k' }
  const sourceOf = (marks: Asked['marks']) => ask({ events, capability, marks }).unitSource
  expect(sourceOf(all)).toBe('header')
  expect(sourceOf({ ...all, headers: {} })).toBe('cookie')
  expect(sourceOf({ claims: { sub: 's' }, kit: 'k' })).toBe('claim')
  expect(sourceOf({ kit: 'k' })).toBe('kit-cookie')
  expect(sourceOf({})).toBe('address')
})

test('an endpoint for every method reads or writes by the method of each request', () => {
  const events = [set('* /items', { mode: 'service' })]
  const table = tableOf(['* /items'], { tables: ['stock'] }, events)
  const reasonOf = (method: string) => {
    const decided = decide(table, { method, path: '/items' }, identityOf())
    return decided === 'ambiguous' ? decided : decided.reason
  }
  expect(reasonOf('GET')).toBe('STALE')
  expect(reasonOf('POST')).toBe('STATIC')
})

test('all endpoints of a capability move together for one user', () => {
  const events = [set(GET, { mode: 'canary', percent: 30 }), set(POST, { mode: 'canary', percent: 30 })]
  const capability = { unit: { header: 'x-user' } }
  for (let user = 0; user < 200; user += 1) {
    const marks = { headers: { 'x-user': `u${user}` } }
    const read = ask({ events, capability, marks })
    const write = ask({ events, capability, marks, method: 'POST', path: '/api/inventory/A/adjust' })
    expect(write.target).toBe(read.target)
  }
})

test('targeting comes before the percentage, and only while there is a canary', () => {
  const capability = { targeting: [{ header: { name: 'X-Beta', value: 'yes' }, target: 'service' as const }] }
  const marks = { headers: { 'x-beta': 'yes' } }
  const canary = [set(GET, { mode: 'canary', percent: 0 })]
  expect(ask({ capability, marks, events: canary })).toMatchObject({
    target: 'service',
    reason: 'TARGETING_MATCH',
  })
  expect(ask({ capability, events: canary })).toMatchObject({ target: 'monolith', reason: 'SPLIT' })
  expect(ask({ capability, marks })).toMatchObject({ target: 'monolith', reason: 'STATIC' })
})

test.each([
  [{ address: ['10.0.0.0/8'] }, { address: '10.1.2.3' }, { address: '11.0.0.1' }],
  [{ address: ['10.0.0.0/8'] }, { address: '::ffff:10.0.0.1' }, { address: '::1' }],
  [{ cookie: { name: 'beta', value: '1' } }, { cookies: { beta: '1' } }, { cookies: { beta: '2' } }],
  [{ tenant: { claim: 'org', in: ['acme'] } }, { claims: { org: 'acme' } }, { claims: { org: 'other' } }],
])('the rule %j matches %j and not %j', (rule, matching, other) => {
  const capability = { targeting: [{ ...rule, target: 'service' as const }] }
  const events = [set(GET, { mode: 'canary', percent: 0 })]
  expect(ask({ capability, events, marks: matching }).target).toBe('service')
  expect(ask({ capability, events, marks: other }).target).toBe('monolith')
})

test('an operator can look at either side, but not write where the data does not belong', () => {
  const capability = { tables: ['stock'] }
  const write = { method: 'POST', path: '/api/inventory/A/adjust' }
  expect(ask({ options: { forced: 'service' }, capability })).toMatchObject({
    target: 'service',
    reason: 'OVERRIDE',
  })
  expect(ask({ options: { forced: 'service' }, capability, ...write })).toMatchObject({
    target: 'monolith',
    reason: 'STATIC',
  })
  expect(ask({ options: { forced: 'service' }, ...write })).toMatchObject({
    target: 'service',
    reason: 'OVERRIDE',
  })
})

test.each([
  ['the configuration', [{ endpoint: POST, mode: { mode: 'service' } }], []],
  ['an override', [POST], [set(POST, { mode: 'canary', percent: 100 })]],
  [
    'an endpoint for every method',
    [{ endpoint: '* /api/inventory/:sku/adjust', mode: { mode: 'service' } }],
    [],
  ],
] as const)('%s sends no write away from whoever owns its tables', (_who, endpoints, events) => {
  const request = { method: 'POST', path: '/api/inventory/A/adjust' }
  const target = (rest: { tables?: string[] }, more: JournalEvent[] = []) => {
    const decided = decide(tableOf([...endpoints], rest, [...events, ...more]), request, identityOf())
    return decided === 'ambiguous' ? decided : decided.target
  }
  expect(target({ tables: ['stock'] })).toBe('monolith')
  // Without tables nothing is split, and an operator may say that it does not matter.
  expect(target({})).toBe('service')
  const id = endpoints.map((one) => (typeof one === 'string' ? one : one.endpoint))[0] ?? ''
  expect(target({ tables: ['stock'] }, [set(id, { mode: 'service' }, true)])).toBe('service')
})

test('reads of a capability with tables leave the owner only for a copy that is known to be fresh', () => {
  const capability = { tables: ['stock'], maxStalenessMs: 5_000 }
  const events = [set(GET, { mode: 'service' })]
  const data = (lagMs: number | undefined, applied = true) => ({
    data: { lagMs: () => lagMs, hasAppliedWrites: () => applied },
  })
  expect(ask({ capability, events })).toMatchObject({ target: 'monolith', reason: 'STALE' })
  expect(ask({ capability, events, options: data(undefined) })).toMatchObject({
    target: 'monolith',
    reason: 'STALE',
  })
  expect(ask({ capability, events, options: data(5_001) })).toMatchObject({
    target: 'monolith',
    reason: 'STALE',
  })
  expect(ask({ capability, events, options: data(5_000) })).toMatchObject({
    target: 'service',
    reason: 'STATIC',
  })
  expect(ask({ capability, events, options: data(0, false) })).toMatchObject({
    target: 'monolith',
    reason: 'READ_YOUR_WRITES',
  })
  expect(ask({ capability, events: [set(GET, { mode: 'service' }, true)] })).toMatchObject({
    target: 'service',
  })
})

test.each([
  '/api/inventory/A/%2e%2e/B',
  '/api/inventory/..%2forders',
  '/api/inventory/A%2FB',
  '/api/inventory/..',
  '/x/../api/inventory/A',
  '/x/%2e%2e/api/inventory/A',
  '/x/%252e%252e/api/inventory/A',
  '//api/inventory/A',
  '/api//inventory/A',
  '/api/inventory;v=1/A',
  '/api%2finventory%2fA',
  '/api%5cinventory%5cA',
  '/api\\inventory\\A',
  '/%61pi/inventory/A',
  '/api/inventory/A%00/x',
  '/api/inventory/A#/x',
  'http://other/api/inventory/A',
  '//host/api/inventory/A',
])('%s can be read in two ways and is refused', (path) => {
  const decided = decide(tableOf([GET, POST]), { method: 'GET', path }, identityOf())
  expect(decided).toBe('ambiguous')
})

test.each([
  '/api/inventory/A%20B',
  '/api/inventory/caf%C3%A9',
  '/api/inventory/A;v=1',
  '/static/a%2fb',
  '/static/../a',
  '/static//a',
  '*',
  '/files/.hidden',
])('%s is read the same way by everybody, or touches no capability, and passes', (path) => {
  expect(decide(tableOf([GET, POST]), { method: 'GET', path }, identityOf())).not.toBe('ambiguous')
})

test('no path, however written, reaches a capability by another reading than the one it was routed by', () => {
  const table = tableOf(['GET /api/inventory/:sku', 'GET /api/orders'])
  const piece = fc.constantFrom(
    'api',
    'inventory',
    'orders',
    'A',
    '..',
    '.',
    '%2e%2e',
    '%2f',
    '/',
    '//',
    '%5c',
    '\\',
    ';x',
    '%00',
    '%252f',
    '%61pi',
  )
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 7 }), (pieces) => {
      const path = `/${pieces.join('/')}`
      const decided = decide(table, { method: 'GET', path }, identityOf())
      if (decided === 'ambiguous') return
      // What a tolerant server makes of it: decoded twice, backslashes turned, dots resolved.
      let view = path
      for (let i = 0; i < 2; i += 1)
        view = view.replace(/%([0-7][0-9a-f])/gi, (_all, hex) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        )
      const resolved = new URL(
        view
          .replaceAll('\\', '/')
          .replace(/\0.*/s, '')
          .replace(/;[^/]*/g, '')
          .replace(/\/+/g, '/'),
        'http://h',
      ).pathname
      expect(table.match('GET', resolved)?.endpoint.id).toBe(decided.endpoint?.id)
    }),
    { numRuns: 5_000 },
  )
})
