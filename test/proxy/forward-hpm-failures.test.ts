import { responseInterceptor } from 'http-proxy-middleware'
import { describe, expect, it, vi } from 'vitest'
import { createHpmEngine } from '../../strangler/proxy/forward-hpm.ts'
import { startDeafListener } from '../conformance/tools/deaf-listener.ts'
import { valueFor, valuesOf } from '../conformance/tools/http-message.ts'
import { problemOf } from '../conformance/tools/raw-client.ts'
import { startEngineStand } from './engine-stand.ts'

const startStand = (options: Parameters<typeof startEngineStand>[1] = {}) =>
  startEngineStand(createHpmEngine(), options)

describe('a failure within http-proxy-middleware', () => {
  it('is told as refused, with nothing sent, and the kit alone answers, though on.error is called', async () => {
    const onError = vi.fn((_error: unknown, _req: unknown, res: import('node:http').ServerResponse) => {
      res.setHeader('x-leak', 'internal')
      res.writeHead(500).end('internal address')
    })
    const stand = await startStand({ httpProxyMiddleware: { on: { error: onError } } })
    await stand.upstream.refuse()
    const answer = await (await stand.connect()).exchange('GET /a HTTP/1.1')
    expect(problemOf(answer)['code']).toBe('STRANGLER_UPSTREAM_REFUSED')
    expect(valueFor(answer.headers, 'x-leak')).toBeUndefined()
    expect(await stand.outcome(0)).toMatchObject({ kind: 'failed', nothingSent: true, answerBegun: false })
    expect(onError).toHaveBeenCalledTimes(1)
  })

  it('before the first byte of the body leaves none of the side’s headers in the problem', async () => {
    const stand = await startStand({
      script(exchange) {
        exchange.write('HTTP/1.1 200 OK\r\nSet-Cookie: half=1\r\nContent-Length: 10\r\n\r\n')
        exchange.socket.end()
      },
      httpProxyMiddleware: {
        selfHandleResponse: true,
        on: { proxyRes: responseInterceptor(async (body) => body) },
      },
    })
    const answer = await (await stand.connect()).exchange('GET /a HTTP/1.1')
    expect([answer.status, problemOf(answer)['code']]).toEqual([502, 'STRANGLER_UPSTREAM_RESET'])
    expect(valuesOf(answer.headers, 'set-cookie')).toEqual([])
  })

  it('within the body breaks the transfer', async () => {
    const stand = await startStand({
      script(exchange) {
        exchange.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n')
        setTimeout(() => exchange.socket.end(), 50)
      },
    })
    const answer = await (await stand.connect()).exchange('GET /a HTTP/1.1')
    expect([answer.text, answer.body.complete]).toEqual(['begin', false])
    expect(await stand.outcome(0)).toMatchObject({
      kind: 'failed',
      code: 'STRANGLER_UPSTREAM_RESET',
      answerBegun: true,
    })
  })

  it('by a body that is not gzip, or an interceptor that rejects, is a problem and no crash', async () => {
    const interceptor = responseInterceptor(async () => Promise.reject(new Error('mine')))
    const stand = await startStand({
      script: (exchange) =>
        exchange.answer('200 OK', exchange.path === '/gzip' ? ['Content-Encoding: gzip'] : [], 'plain'),
      httpProxyMiddleware: { selfHandleResponse: true, on: { proxyRes: interceptor } },
    })
    const client = await stand.connect()
    expect(problemOf(await client.exchange('GET /gzip HTTP/1.1'))['code']).toBe('STRANGLER_UPSTREAM_INVALID')
    expect(problemOf(await client.exchange('GET /plain HTTP/1.1'))['code']).toBe('STRANGLER_INTERNAL')
  })

  it.each(['proxyReq', 'proxyRes', 'start'])(
    'by a handler of %s that throws is a problem, told to the observer',
    async (event) => {
      const report = vi.fn()
      const thrown = new Error('mine')
      const fail = () => {
        throw thrown
      }
      const stand = await startEngineStand(createHpmEngine(report), {
        httpProxyMiddleware: { on: { [event]: fail } },
      })
      expect(problemOf(await (await stand.connect()).exchange('GET /a HTTP/1.1'))['code']).toBe(
        'STRANGLER_INTERNAL',
      )
      expect(report).toHaveBeenCalledWith(expect.any(String), thrown)
    },
  )

  it('by options that it does not take is a problem', async () => {
    const stand = await startStand({
      httpProxyMiddleware: { pathRewrite: () => Promise.reject(new Error('mine')) },
    })
    expect(problemOf(await (await stand.connect()).exchange('GET /a HTTP/1.1'))['code']).toBe(
      'STRANGLER_INTERNAL',
    )
  })

  it('by a deadline has the deadline’s own code', async () => {
    const silent = { script: () => undefined }
    const headers = await startStand({ ...silent, deadlines: { headersMs: 100 } })
    expect(problemOf(await (await headers.connect()).exchange('GET /a HTTP/1.1'))['code']).toBe(
      'STRANGLER_UPSTREAM_HEADERS_TIMEOUT',
    )
    await expect.poll(() => headers.upstream.open.size).toBe(0)
    const total = await startStand({ ...silent, deadlines: { totalMs: 100 } })
    expect(problemOf(await (await total.connect()).exchange('GET /a HTTP/1.1'))['code']).toBe(
      'STRANGLER_UPSTREAM_TOTAL_TIMEOUT',
    )
    const deaf = await startDeafListener()
    const url = new URL(`http://127.0.0.1:${deaf.port}`)
    const connect = await startStand({
      deadlines: { connectMs: 100 },
      change: (request) => ({ ...request, upstream: { ...request.upstream, url, origin: url.origin } }),
    })
    expect(problemOf(await (await connect.connect()).exchange('GET /a HTTP/1.1'))['code']).toBe(
      'STRANGLER_UPSTREAM_CONNECT_TIMEOUT',
    )
    expect(await connect.outcome(0)).toMatchObject({ nothingSent: true })
    await deaf.stop()
  })
})

describe('a client that goes away', () => {
  it.each([['reset'], ['close']] as const)(
    'by %s takes the upstream request with it in 100 ms',
    async (how) => {
      const stand = await startStand({ script: () => undefined })
      const release = async () => {
        const client = await stand.connect()
        const arrival = stand.upstream.next()
        client.send('POST /a HTTP/1.1', ['Content-Length: 100'], 'begin')
        const exchange = await arrival
        const since = performance.now()
        client[how]()
        return (await exchange.closed()) - since
      }
      const took: number[] = []
      // A single one may have waited for a processor.
      while (took.length < 5 && !took.some((ms) => ms < 100)) took.push(await release())
      expect(Math.min(...took)).toBeLessThan(100)
      expect(await stand.outcome(0)).toMatchObject({ kind: 'client-gone' })
    },
  )

  it('before the request has left prevents it', async () => {
    let release: () => void = () => undefined
    const waiting = new Promise<void>((resolve) => {
      release = resolve
    })
    const stand = await startStand({
      httpProxyMiddleware: { pathRewrite: async (path: string) => waiting.then(() => path) },
    })
    const client = await stand.connect()
    const arrived = new Promise((resolve) => stand.server.once('request', resolve))
    client.send('POST /a HTTP/1.1', ['Content-Length: 2'], 'hi')
    await arrived
    client.reset()
    expect(await stand.outcome(0)).toMatchObject({ kind: 'client-gone' })
    release()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(stand.upstream.exchanges).toHaveLength(0)
  })
})

describe('a fresh attempt', () => {
  it('does not use a pooled connection', async () => {
    const stand = await startStand({
      change: (request) => ({ ...request, fresh: request.path === '/fresh' }),
    })
    const client = await stand.connect()
    for (const path of ['/a', '/fresh', '/b']) await client.exchange(`GET ${path} HTTP/1.1`)
    expect(stand.upstream.exchanges.map(({ connection }) => connection)).toEqual([0, 1, 0])
  })
})
