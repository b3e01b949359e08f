import { expect } from 'vitest'
import { describeRow } from './describe-row.ts'
import { type RawHeaders, valueFor, valuesOf } from './tools/http-message.ts'

const TRUSTED = { trustedProxies: ['127.0.0.0/8'] }
const CLAIMS = [
  'X-Forwarded-For: 203.0.113.7',
  'X-Forwarded-Proto: gopher',
  'X-Forwarded-Host: evil.test',
  'Forwarded: for=203.0.113.7;proto=gopher;host=evil.test',
]

const itemsOf = (headers: RawHeaders, name: string) =>
  valuesOf(headers, name).flatMap((value) => value.split(',').map((item) => item.trim()))

describeRow('3', (check) => {
  check(
    'what a stranger claims is replaced by what the proxy sees',
    async (bench) => {
      const { upstream, connect } = await bench.start()
      await (await connect()).exchange('GET /items HTTP/1.1', CLAIMS)
      const { bytes, headers } = upstream.only.head
      for (const claim of ['203.0.113.7', 'gopher', 'evil.test']) expect(bytes).not.toContain(claim)
      expect(valueFor(headers, 'x-forwarded-for')).toBe('127.0.0.1')
      expect(valueFor(headers, 'x-forwarded-proto')).toBe('http')
      expect(valueFor(headers, 'x-forwarded-host')).toBe('shop.test')
    },
    { caught: 'naive' },
  )

  check(
    'a stranger’s second and third header lines are replaced too, whatever their case',
    async (bench) => {
      const { upstream, connect } = await bench.start()
      await (await connect()).exchange('GET /items HTTP/1.1', [
        'x-forwarded-for: 203.0.113.7',
        'X-FORWARDED-FOR: 203.0.113.8',
        'forwarded: for=203.0.113.9',
        'FORWARDED: for=203.0.113.10',
      ])
      expect(upstream.only.head.bytes).not.toContain('203.0.113.')
    },
    { caught: 'naive' },
  )

  check(
    'they are there although the client sent none',
    async (bench) => {
      const { upstream, connect } = await bench.start()
      await (await connect()).exchange('GET /items HTTP/1.1')
      const { headers } = upstream.only.head
      expect(valueFor(headers, 'x-forwarded-for')).toBe('127.0.0.1')
      expect(valueFor(headers, 'x-forwarded-proto')).toBe('http')
      expect(valueFor(headers, 'x-forwarded-host')).toBe('shop.test')
    },
    { caught: 'naive' },
  )

  check(
    'a trusted proxy’s X-Forwarded-For is appended to',
    async (bench) => {
      const { upstream, connect } = await bench.start(TRUSTED)
      await (await connect()).exchange('GET /items HTTP/1.1', ['X-Forwarded-For: 203.0.113.7, 198.51.100.2'])
      const { headers } = upstream.only.head
      expect(itemsOf(headers, 'x-forwarded-for')).toEqual(['203.0.113.7', '198.51.100.2', '127.0.0.1'])
    },
    { caught: 'naive' },
  )

  check('a trusted proxy’s several X-Forwarded-For lines stay in order', async (bench) => {
    const { upstream, connect } = await bench.start(TRUSTED)
    await (await connect()).exchange('GET /items HTTP/1.1', [
      'X-Forwarded-For: 203.0.113.7',
      'X-Forwarded-For: 198.51.100.2',
    ])
    const { headers } = upstream.only.head
    expect(itemsOf(headers, 'x-forwarded-for')).toEqual(['203.0.113.7', '198.51.100.2', '127.0.0.1'])
  })

  check('a trusted proxy’s scheme and host stand first', async (bench) => {
    const { upstream, connect } = await bench.start(TRUSTED)
    await (await connect()).exchange('GET /items HTTP/1.1', [
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: public.test',
    ])
    const { headers } = upstream.only.head
    expect(itemsOf(headers, 'x-forwarded-proto')[0]).toBe('https')
    expect(itemsOf(headers, 'x-forwarded-host')[0]).toBe('public.test')
  })

  check(
    'a trusted proxy’s Forwarded is appended to',
    async (bench) => {
      const { upstream, connect } = await bench.start(TRUSTED)
      await (await connect()).exchange('GET /items HTTP/1.1', ['Forwarded: for=203.0.113.7;proto=https'])
      const items = itemsOf(upstream.only.head.headers, 'forwarded')
      expect(items[0]).toBe('for=203.0.113.7;proto=https')
      expect(items[1]).toMatch(/for="?127\.0\.0\.1"?/)
      expect(items).toHaveLength(2)
    },
    { caught: 'naive' },
  )

  check(
    'a proxy that is not on the list of trusted ones is a stranger',
    async (bench) => {
      const { upstream, connect } = await bench.start({ trustedProxies: ['192.0.2.1'] })
      await (await connect()).exchange('GET /items HTTP/1.1', CLAIMS)
      expect(upstream.only.head.bytes).not.toContain('203.0.113.7')
    },
    { notApplicable: { nginx: 'the nginx configuration of this suite trusts all or nobody' } },
  )

  check(
    'an upgrade is no way around it',
    async (bench) => {
      const { upstream, connect } = await bench.start({
        script: (exchange) => exchange.answer('403 Forbidden', [], 'no'),
      })
      await (await connect()).exchange('GET /socket HTTP/1.1', [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        ...CLAIMS,
      ])
      const { bytes, headers } = upstream.only.head
      for (const claim of ['203.0.113.7', 'gopher', 'evil.test']) expect(bytes).not.toContain(claim)
      expect(valueFor(headers, 'x-forwarded-for')).toBe('127.0.0.1')
    },
    { caught: 'naive' },
  )
})
