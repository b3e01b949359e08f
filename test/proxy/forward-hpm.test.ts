import { gzipSync } from 'node:zlib'
import { type Plugin, responseInterceptor } from 'http-proxy-middleware'
import { describe, expect, it } from 'vitest'
import { createHpmEngine } from '../../strangler/proxy/forward-hpm.ts'
import { valueFor, valuesOf } from '../conformance/tools/http-message.ts'
import { startEngineStand } from './engine-stand.ts'

const startStand = (options: Parameters<typeof startEngineStand>[1] = {}) =>
  startEngineStand(createHpmEngine(), options)

describe('what goes out through http-proxy-middleware', () => {
  it('is the path and the headers of the forward request, with case and repetitions', async () => {
    const stand = await startStand({ change: (request) => ({ ...request, path: '/v2/a%2Fb?x=1' }) })
    const client = await stand.connect()
    await client.exchange('GET /anything HTTP/1.1', [
      'X-TwO: 1',
      'x-two: 2',
      'Proxy-Authorization: secret',
      'Connection: X-Named',
      'X-Named: n',
    ])
    const { head, path } = stand.upstream.only
    expect(path).toBe('/v2/a%2Fb?x=1')
    expect(head.bytes).toContain('X-TwO: 1\r\nX-TwO: 2\r\n')
    expect(head.bytes).not.toMatch(/proxy-authorization|x-named/i)
    expect(valueFor(head.headers, 'x-forwarded-for')).toBe('127.0.0.1')
  })

  it('is changed by the options of the endpoint: pathRewrite, headers, on.proxyReq, plugins', async () => {
    const plugin: Plugin = (server) => server.on('proxyReq', (out) => out.setHeader('x-plugin', 'p'))
    const stand = await startStand({
      httpProxyMiddleware: {
        pathRewrite: { '^/old': '/new' },
        headers: { 'X-Own': 'replaced' },
        on: { proxyReq: (out: import('node:http').ClientRequest) => out.setHeader('x-on', 'o') },
        plugins: [plugin],
      },
    })
    await (await stand.connect()).exchange('GET /old/1 HTTP/1.1', ['x-own: client'])
    const { head, path } = stand.upstream.only
    expect(path).toBe('/new/1')
    expect(['x-own', 'x-on', 'x-plugin'].map((name) => valuesOf(head.headers, name))).toEqual([
      ['replaced'],
      ['o'],
      ['p'],
    ])
  })

  it('never goes to another side than the decided one, whatever target or router say', async () => {
    const stand = await startStand({
      httpProxyMiddleware: {
        target: 'http://127.0.0.1:1',
        router: () => 'http://127.0.0.1:1',
        pathFilter: '/none',
      },
    })
    expect((await (await stand.connect()).exchange('GET /a HTTP/1.1')).text).toBe('ok')
  })

  it.each(['DELETE', 'OPTIONS', 'GET', 'POST'])(
    'keeps a chunked %s one request (CVE-2026-29057)',
    async (method) => {
      const stand = await startStand()
      const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'
      const client = await stand.connect()
      const chunked = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`
      expect(
        (await client.exchange(`${method} /a HTTP/1.1`, ['Transfer-Encoding: chunked'], chunked)).status,
      ).toBe(200)
      expect((await stand.upstream.only.body()).bytes.toString()).toBe(smuggled)
    },
  )

  it('keeps its connection to the side, and leaves no listener on the client’s', async () => {
    const stand = await startStand()
    const client = await stand.connect()
    let before: number | undefined
    for (let round = 0; round < 15; round++) {
      const arrived = new Promise<import('node:http').IncomingMessage>((resolve) =>
        stand.server.once('request', resolve),
      )
      await client.exchange('GET /a HTTP/1.1')
      const { socket } = await arrived
      const count = socket.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0)
      before ??= count
      expect(count).toBe(before)
    }
    expect(stand.upstream.connections).toBe(1)
    expect(stand.server.listenerCount('close')).toBeLessThanOrEqual(1)
  })
})

describe('what comes back through http-proxy-middleware', () => {
  it('is adapted, less the headers of the upstream connection, with case and repetitions', async () => {
    const stand = await startStand({
      script: (exchange) =>
        exchange.answer('203 Mine', [
          'X-CaSe: 1',
          'Set-Cookie: a=1',
          'Set-Cookie: b=2',
          'Proxy-Authenticate: x',
          'Connection: X-Gone',
          'X-Gone: 1',
        ]),
    })
    const answer = await (await stand.connect()).exchange('GET /a HTTP/1.1')
    expect([answer.status, answer.reason]).toEqual([203, 'Mine'])
    expect(valuesOf(answer.headers, 'set-cookie')).toEqual(['a=1', 'b=2'])
    expect(valueFor(answer.headers, 'x-kit')).toBe('here')
    expect(answer.bytes).toContain('X-CaSe: 1')
    expect(answer.bytes).not.toMatch(/proxy-authenticate|x-gone/i)
    expect(await stand.outcome(0)).toMatchObject({ kind: 'answered', status: 203 })
  })

  it('is changed by a responseInterceptor, and counts as answered', async () => {
    const stand = await startStand({
      script: (exchange) => exchange.answer('200 OK', ['Content-Encoding: gzip'], gzipSync('hello')),
      httpProxyMiddleware: {
        selfHandleResponse: true,
        on: { proxyRes: responseInterceptor(async (body) => `${body} there`) },
      },
    })
    const answer = await (await stand.connect()).exchange('GET /a HTTP/1.1')
    expect([answer.text, valueFor(answer.headers, 'x-kit')]).toEqual(['hello there', 'here'])
  })

  it('closes the connection of a client that asks for it', async () => {
    const stand = await startStand()
    const client = await stand.connect()
    const answer = await client.exchange('GET /a HTTP/1.1', ['Connection: close'])
    expect(valueFor(answer.headers, 'connection')).toBe('close')
    await client.waitForClose()
  })

  it('shows an event stream’s headers before its first event', async () => {
    const stand = await startStand({
      script: (exchange) => exchange.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'),
      deadlines: { totalMs: 200 },
    })
    const client = await stand.connect()
    client.send('GET /events HTTP/1.1')
    expect((await client.readHead())?.status).toBe(200)
  })

  it('may be an answer of a handler’s own', async () => {
    const refuse = (_out: unknown, _req: unknown, res: import('node:http').ServerResponse) =>
      res.writeHead(403).end('mine')
    const stand = await startStand({
      script: () => undefined,
      httpProxyMiddleware: { on: { proxyReq: refuse } },
    })
    expect((await (await stand.connect()).exchange('GET /a HTTP/1.1')).text).toBe('mine')
    expect(await stand.outcome(0)).toMatchObject({ kind: 'answered', status: 403 })
    await expect.poll(() => stand.upstream.open.size).toBe(0)
  })
})
