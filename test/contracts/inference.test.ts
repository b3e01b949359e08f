import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createContractChecker } from '../../strangler/compare/contract/check-answer.ts'
import {
  type EndpointShape,
  joinEndpoints,
  shapeOfExchange,
} from '../../strangler/compare/contract/endpoint-shape.ts'
import { joinShapes, shapeOf } from '../../strangler/compare/contract/value-shape.ts'
import { writeOpenApi, writeSchema } from '../../strangler/compare/contract/write-openapi.ts'

const ENDPOINT = 'GET /items/:id'
const TEMPLATE = '/items/:id'

interface Seen {
  readonly target?: string
  readonly status?: number
  readonly type?: string
  readonly body?: unknown
}

function exchange({ target = '/items/7', status = 200, type = 'application/json', body }: Seen) {
  const request = { method: 'GET', target, headers: [], body: undefined }
  const bytes = Buffer.from(typeof body === 'string' ? body : (JSON.stringify(body) ?? ''))
  return {
    requests: { monolith: request, service: request },
    answer: { status, headers: ['Content-Type', type], body: bytes, tookMs: 1 },
  }
}

function learn(...seen: Seen[]): EndpointShape {
  const [first, ...rest] = seen.map((one) => shapeOfExchange(TEMPLATE, exchange(one)))
  return rest.reduce(joinEndpoints, first as EndpointShape)
}

const documentOf = (...seen: Seen[]) =>
  writeOpenApi({ capability: 'items', build: 'm1', endpoints: { [ENDPOINT]: learn(...seen) } })

/** The schema of values that were seen so often that nothing about them is chance. */
function schemaOf(...values: unknown[]) {
  const [first, ...rest] = [...values, ...values, ...values].map((value) => shapeOf(value))
  return writeSchema(rest.reduce(joinShapes, first as ReturnType<typeof shapeOf>))
}

describe('what is inferred from values', () => {
  test('types, members that are always there, and null beside another type', () => {
    expect(
      schemaOf({ sku: 'a', price: 1.5, note: null }, { sku: 'b', price: 2, note: 'x', gift: true }),
    ).toEqual({
      type: 'object',
      properties: {
        gift: { type: 'boolean' },
        note: { type: ['null', 'string'] },
        price: { type: 'number' },
        sku: { type: 'string' },
      },
      required: ['note', 'price', 'sku'],
    })
  })

  test('a format only where every text has it', () => {
    const id = '3f2504e0-4f89-11d3-9a0c-0305e82c3301'
    const at = '2026-11-25T10:00:00.000Z'
    expect(schemaOf({ id, at, day: '2026-11-25', to: 'ana@example.com' })).toMatchObject({
      properties: {
        id: { format: 'uuid' },
        at: { format: 'date-time' },
        day: { format: 'date' },
        to: { format: 'email' },
      },
    })
    expect(schemaOf(at, 'soon')).toEqual({ type: 'string' })
  })

  test('neither a member that all have nor a format is told from fewer than three values', () => {
    const seen = { target: '/items/7?page=2', body: { at: '2026-11-25' } }
    const two = JSON.stringify(documentOf(seen, seen))
    expect(two).not.toContain('format')
    expect(two).not.toContain('"required":["at"]')
    const three = JSON.stringify(documentOf(seen, seen, seen))
    expect(three).toContain('"format":"date"')
    expect(three).toContain('"required":["at"]')
  })

  test('names that are ids are the keys of a map, beside plain members too; no name of them is told', () => {
    expect(schemaOf({ 'SKU-00001': { left: 1 }, 'SKU-00002': { left: 2 } })).toEqual({
      type: 'object',
      additionalProperties: { type: 'object', properties: { left: { type: 'integer' } }, required: ['left'] },
    })
    const mixed = schemaOf({ total: 1, 'ana@example.com': true })
    expect(mixed).toMatchObject({ properties: { total: { type: 'integer' } } })
    expect(JSON.stringify(mixed)).not.toContain('ana')
  })

  test('an object of ever new names is a map, and a value deeper than any has no schema', () => {
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`n${at}`, at]))
    expect(schemaOf(wide)).toEqual({ type: 'object', additionalProperties: { type: 'integer' } })
    let deep: unknown = 1
    for (let at = 0; at < 100; at++) deep = { deep }
    expect(JSON.stringify(schemaOf(deep)).length).toBeLessThan(1_000)
  })
})

describe('the document', () => {
  test('has path parameters, query parameters, statuses, media types and bodies, and no value of any', () => {
    const canary = 'canary-7f3a'
    const document = documentOf(
      { target: `/items/12?page=1&q=${canary}`, body: { name: canary, count: 41_234 } },
      { target: `/items/13?q=${canary}`, body: { name: canary, count: 2 } },
      { target: `/items/14?q=${canary}&tag=a&tag=b`, body: { name: canary, count: 3 } },
      { target: '/items/nowhere', status: 404, type: 'application/problem+json', body: { detail: canary } },
      { status: 200, type: 'text/html', body: `<p>${canary}</p>` },
    )
    expect(document).toMatchObject({
      openapi: '3.1.0',
      paths: {
        '/items/{id}': {
          get: {
            parameters: [
              { name: 'id', in: 'path', required: true },
              { name: 'page', in: 'query', schema: { type: 'integer' } },
              { name: 'q', in: 'query', schema: { type: 'string' } },
              { name: 'tag', in: 'query', schema: { type: 'array', items: { type: 'string' } } },
            ],
            responses: {
              200: { content: { 'application/json': { schema: { type: 'object' } }, 'text/html': {} } },
              404: { content: { 'application/problem+json': { schema: { type: 'object' } } } },
            },
          },
        },
      },
    })
    const text = JSON.stringify(document)
    for (const value of [canary, '41234', 'nowhere']) expect(text).not.toContain(value)
  })

  test('an answer that could not be read once says nothing for the others', () => {
    const document = documentOf({ body: { a: 1 } }, { body: '{ no json' })
    expect(document.paths['/items/{id}']?.['get']?.responses['200']?.content).toEqual({
      'application/json': {},
    })
  })
})

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, 7, 1.5, '', 'x', '2026-11-25', 'ana@example.com'),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', '10045', '__proto__', 'constructor'), tie('any'), {
      maxKeys: 4,
    }),
  ),
})).any
const exchanges = fc.record({
  target: fc.constantFrom(
    '/items/7',
    '/items/x?q=1',
    '/items/7?q=a&page=2',
    '/items/9?tag=1&tag=2',
    '/other',
  ),
  status: fc.constantFrom(200, 404, 500),
  type: fc.constantFrom('application/json', 'text/html', 'application/problem+json'),
  body: value,
})
const shape = exchanges.map((seen) => shapeOfExchange(TEMPLATE, exchange(seen)))

test('joining does not depend on the order, nor on who has joined what before', () => {
  fc.assert(
    fc.property(fc.array(shape, { minLength: 3, maxLength: 8 }), fc.nat(), (shapes, cut) => {
      const join = (some: EndpointShape[]) => some.reduce(joinEndpoints)
      const whole = join(shapes)
      const at = 1 + (cut % (shapes.length - 1))
      const apart = joinEndpoints(join(shapes.slice(at).reverse()), join(shapes.slice(0, at)))
      expect(JSON.parse(JSON.stringify(apart))).toEqual(JSON.parse(JSON.stringify(whole)))
      expect(JSON.stringify(documentFrom(apart))).toBe(JSON.stringify(documentFrom(whole)))
    }),
    { numRuns: 300 },
  )
})

test('every answer that a contract was inferred from passes it', () => {
  fc.assert(
    fc.property(fc.array(exchanges, { minLength: 1, maxLength: 6 }), (seen) => {
      const document = documentOf(...seen)
      const checker = createContractChecker(document)
      for (const one of seen) expect(checker.check(ENDPOINT, exchange(one).answer)).toEqual([])
    }),
    { numRuns: 60 },
  )
})

const documentFrom = (one: EndpointShape) =>
  writeOpenApi({ capability: 'items', build: 'm1', endpoints: { [ENDPOINT]: one } })
