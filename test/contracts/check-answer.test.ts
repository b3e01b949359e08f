import { describe, expect, test } from 'vitest'
import { checkAnswer, type OpenApiDocument } from '../../strangler/contract.ts'
import type { LearntRow } from '../../strangler/core/contract-store.ts'
import type { Decision } from '../../strangler/routing/decide.ts'
import { createContractRecorder } from '../../strangler/shadow/contract-recorder.ts'

/** As people write them: with `$ref`, `enum`, a range of statuses. */
const DOCUMENT: OpenApiDocument = {
  openapi: '3.1.0',
  info: { title: 'items', version: '1' },
  components: {
    schemas: {
      Item: {
        type: 'object',
        required: ['sku'],
        properties: { sku: { type: 'string' }, size: { enum: ['s', 'm'] } },
      },
    },
  },
  paths: {
    '/items/{sku}': {
      get: {
        responses: {
          200: {
            description: '',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Item' } } },
          },
          '4XX': { description: '', content: { 'application/problem+json': {} } },
        },
      },
      delete: { responses: { 204: { description: '' } } },
    },
    '/items/new': { get: { responses: { 200: { description: '', content: { 'text/html': {} } } } } },
  },
} as OpenApiDocument

const get = (body: unknown, over: Partial<Parameters<typeof checkAnswer>[1]> = {}) =>
  checkAnswer(DOCUMENT, {
    ...{
      method: 'GET',
      path: '/items/a-1?x=1',
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
    },
    body,
    ...over,
  })

describe('checkAnswer', () => {
  test('says nothing of an answer that is as the document says', () => {
    expect(get({ sku: 'a-1', size: 's', more: 1 })).toEqual([])
    expect(get('', { status: 404, headers: { 'content-type': 'application/problem+json' } })).toEqual([])
    expect(get(undefined, { method: 'DELETE', status: 204, headers: {} })).toEqual([])
    expect(get('<p>', { path: '/items/new', headers: new Headers({ 'content-type': 'text/html' }) })).toEqual(
      [],
    )
  })

  test('names endpoint, status, place and what was expected, and never a value', () => {
    const secret = 'canary-7f3a'
    const failures = [
      ...get({ sku: 7, size: secret }),
      ...get({}),
      ...get(`{"sku": "${secret}"`),
      ...get({ sku: secret }, { status: 500 }),
      ...get({ sku: secret }, { headers: { 'content-type': 'text/plain' } }),
      ...get({ sku: secret }, { path: '/other' }),
    ]
    expect(
      failures.map(({ endpoint, status, path, expected }) => `${endpoint} ${status} ${path} ${expected}`),
    ).toEqual([
      'GET /items/:sku 200 $.sku string',
      'GET /items/:sku 200 $.size must be equal to one of the allowed values',
      'GET /items/:sku 200 $.sku a member',
      'GET /items/:sku 200 $ JSON',
      'GET /items/:sku 500 status one of 200, 4XX',
      'GET /items/:sku 200 content-type application/json',
      'GET /other 200 endpoint an endpoint of the contract',
    ])
    expect(JSON.stringify(failures)).not.toContain(secret)
  })
})

describe('the recorder', () => {
  const exchange = (body: unknown, over = {}) => {
    const request = { method: 'GET', target: '/items/a-1', headers: [], body: undefined }
    return {
      ...({
        capability: 'items',
        endpoint: 'GET /items/:sku',
        effect: 'read',
        primary: 'monolith',
        isShadowed: true,
      } as const),
      ...{ correlationId: 'c', answeredAt: 0, requests: { monolith: request, service: request }, bytes: 1 },
      answer: {
        status: 200,
        headers: ['content-type', 'application/json'],
        body: Buffer.from(JSON.stringify(body)),
        tookMs: 1,
      },
      ...over,
    }
  }
  function start() {
    const kept: LearntRow[][] = []
    const failures: unknown[] = []
    let now = 0
    let isAway = false
    const recorder = createContractRecorder({
      store: {
        async learn(rows) {
          if (isAway) throw new Error('away')
          kept.push([...rows])
        },
      },
      buildOf: () => 'm1',
      report: (...failure) => void failures.push(failure),
      now: () => now,
    })
    return {
      recorder,
      kept,
      failures,
      pass: (ms: number) => (now += ms),
      away: (is: boolean) => (isAway = is),
    }
  }

  test('sends a shape only while it learns something, and the count always', async () => {
    const { recorder, kept } = start()
    for (let round = 0; round < 5; round++) {
      recorder.learn(exchange({ sku: 'a' }))
      await recorder.flush()
    }
    recorder.learn(exchange({ sku: 'a', size: 's' }))
    await recorder.stop()
    expect(kept.map(([row]) => row?.shape !== undefined)).toEqual([true, true, true, false, false, true])
    expect(kept.every(([row]) => row?.exchanges === 1)).toBe(true)
  })

  test('looks at 30 exchanges of an endpoint at once and then at one a second, and at no more bytes than it may', async () => {
    const { recorder, kept, pass } = start()
    const count = async () => {
      await recorder.flush()
      return kept.at(-1)?.[0]?.exchanges
    }
    for (let at = 0; at < 100; at++) recorder.learn(exchange({ at }))
    expect(await count()).toBe(30)
    pass(5_000)
    for (let at = 0; at < 100; at++) recorder.learn(exchange({ at }))
    expect(await count()).toBe(5)
    const wanted = {
      endpoint: { id: 'GET /big', capability: 'items' },
      target: 'monolith',
    } as unknown as Decision
    expect(Array.from({ length: 40 }, () => recorder.wants(wanted)).filter(Boolean)).toHaveLength(30)
    expect(recorder.wants({ ...wanted, target: 'service' })).toBe(false)
    const big = 'x'.repeat(1_000_000)
    for (let at = 0; at < 10; at++) recorder.learn(exchange(big, { endpoint: 'GET /big', isShadowed: false }))
    expect(await count()).toBe(4)
    await recorder.stop()
  })

  test('keeps what it has learnt while the control database is away, and says so once; a HEAD and the service teach it nothing', async () => {
    const { recorder, kept, failures, away } = start()
    away(true)
    for (let round = 0; round < 3; round++) {
      recorder.learn(exchange({ sku: 'a' }))
      await recorder.flush()
    }
    expect(failures).toHaveLength(1)
    away(false)
    const head = { method: 'HEAD', target: '/items/a-1', headers: [], body: undefined }
    recorder.learn(exchange({}, { primary: 'service' }))
    recorder.learn(exchange({}, { requests: { monolith: head, service: head } }))
    await recorder.stop()
    expect(kept).toMatchObject([[{ exchanges: 3, endpoint: 'GET /items/:sku', build: 'm1' }]])
    expect(JSON.stringify(kept)).toContain('"always":["sku"]')
  })
})
