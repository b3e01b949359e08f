import { describe, expect, test } from 'vitest'
import { AliasBook } from '../../strangler/compare/alias-book.ts'
import { aliasRequest } from '../../strangler/compare/alias-request.ts'
import { compileRules } from '../../strangler/compare/compile-rules.ts'
import type { CapturedRequest } from '../../strangler/core/compare-words.ts'

const { requestAliases } = compileRules({
  aliases: [
    { path: 'param:id', of: 'order' },
    { path: 'query:order', of: 'order' },
    { path: 'request:$.lines[].order', of: 'order' },
  ],
})
const book = new AliasBook()
book.learn('order', { monolith: 7, service: 90 })
book.learn('order', { monolith: 'a b', service: 'ü/1' })

function asked(target: string, body?: string, { headers = [] as string[], template = '/orders/:id' } = {}) {
  const request: CapturedRequest = {
    ...{ method: 'POST', target },
    headers: ['Content-Type', 'application/json', 'Content-Length', String(body?.length ?? 0), ...headers],
    body: body === undefined ? undefined : Buffer.from(body),
  }
  const resolve = (of: string, id: string | number) => book.resolve(of, 'monolith', id)
  const aliased = aliasRequest(request, { template, places: requestAliases!, resolve })
  if (aliased === undefined) return 'unknown'
  const text = aliased.body === undefined ? '' : Buffer.from(aliased.body).toString()
  expect(aliased.headers[3]).toBe(String(Buffer.byteLength(text)))
  return `${aliased.target} ${text}`.trim()
}

describe('a request to the other side', () => {
  test('names its id in the place of the one that it never made', () => {
    expect(asked('/orders/7')).toBe('/orders/90')
    expect(asked('/orders/7/?x=7&order=7&order=')).toBe('unknown')
    expect(asked('/orders/7/?x=7&order=7')).toBe('/orders/90/?x=7&order=90')
    expect(asked('/orders/a%20b?order=a+b&q=a+b')).toBe('/orders/%C3%BC%2F1?order=%C3%BC%2F1&q=a+b')
  })

  test('whose path has another beginning there is read from its end', () => {
    expect(asked('/v2/shop/orders/7/lines', undefined, { template: '/orders/:id/lines' })).toBe(
      '/v2/shop/orders/90/lines',
    )
  })

  test('names it in its body, as a number where it was one, and is as long as it says', () => {
    const body = JSON.stringify({ lines: [{ order: 7, n: 7 }, { order: 'a b' }], note: '7' })
    const other = JSON.stringify({ lines: [{ order: 90, n: 7 }, { order: 'ü/1' }], note: '7' })
    expect(asked('/orders/7', body)).toBe(`/orders/90 ${other}`)
  })

  test('is not sent when nobody knows what the other side calls it', () => {
    expect(asked('/orders/8')).toBe('unknown')
    expect(asked('/orders/7', '{"lines":[{"order":8}]}')).toBe('unknown')
  })

  test('is not sent either when its body could not be written back as it was', () => {
    expect(asked('/orders/7', '{"n":12345678901234567890}')).toBe('unknown')
    expect(asked('/orders/7', '{"n":1,"n":2}')).toBe('unknown')
    expect(asked('/orders/7', '{}', { headers: ['content-encoding', 'gzip'] })).toBe('unknown')
  })

  test('is sent as it stands when its body is no JSON: the other side is to say so, too', () => {
    expect(asked('/orders/7', '{"lines":')).toBe('/orders/90 {"lines":')
  })
})
