import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import { createProxyServer, type ProxyServer } from '../../strangler/proxy/proxy-server.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { EMPTY_STATE } from '../../strangler/routing/fold-journal.ts'
import { createPositionKeeper } from '../../strangler/state/position-keeper.ts'

const seen: IncomingMessage[] = []
const keeper = createPositionKeeper(() => performance.now())
let side: Server
let proxy: ProxyServer
/** The same proxy inside an app, which answers for the monolith. */
let app: Server
let proxyUrl: string
let appUrl: string

/** The copy has everything that was written until `appliedAgoMs` before now. */
function beat(appliedAgoMs: number): void {
  const now = Date.now()
  keeper.hear({
    ...{ capability: 'stock', epoch: 1, direction: 'forward', entries: 0, refused: 0, lagMs: 0 },
    ...{ appliedThrough: now - appliedAgoMs, source: { ms: now, errorMs: 1 }, at: performance.now() },
  })
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeAll(async () => {
  side = createServer((req, res) => {
    seen.push(req)
    if (req.url === '/breaks') return void req.socket.destroy()
    res.setHeader('set-cookie', 'own=1')
    res.end('a side')
  })
  const sideUrl = await listen(side)
  const config = checkConfig({
    sides: { monolith: sideUrl, stock: sideUrl },
    capabilities: {
      stock: {
        endpoints: [
          { endpoint: 'GET /items', mode: 'service' },
          'PUT /items',
          'DELETE /items',
          'PUT /breaks',
          { endpoint: 'PUT /handled', httpProxyMiddleware: { headers: { 'x-handled': '1' } } },
        ],
        tables: ['stock'],
      },
    },
    proxy: { debugHeaders: true },
  })
  keeper.follow({ syncs: { stock: { epoch: 1, state: 'running', backfill: true } } })
  proxy = createProxyServer({
    ...{ config, table: compileTable(config, EMPTY_STATE), secret: Buffer.alloc(32, 5), position: keeper },
  })
  const { port } = await proxy.listen(0, '127.0.0.1')
  proxyUrl = `http://127.0.0.1:${port}`
  app = createServer((req, res) =>
    proxy.handle(req, res, () => {
      seen.push(req)
      // As Express does it: nothing is said of the headers before the body.
      res.end('the app')
    }),
  )
  appUrl = await listen(app)
})
afterAll(async () => {
  await proxy.stop({ drainMs: 0 })
  for (const server of [side, app]) {
    server.close()
    server.closeAllConnections()
  }
})

const BROWSER = { 'sec-fetch-mode': 'cors' }
const WAYS = [
  ['by undici', 'PUT', '/items', 200],
  ['by node:http', 'DELETE', '/items', 200],
  ['by http-proxy-middleware', 'PUT', '/handled', 200],
  ['by a side that breaks off', 'PUT', '/breaks', 502],
] as const

async function writeAndRead(base: string, { method, path }: { method: string; path: string }) {
  const written = await fetch(`${base}${path}`, {
    method,
    headers: { ...BROWSER, cookie: 'own=0; strangler_wrote_stock=x.y.z' },
    ...(method === 'DELETE' ? { body: '' } : { body: 'x' }),
  })
  await written.text()
  const [, mark] = /(strangler_wrote_stock=[^;]+);/.exec(written.headers.getSetCookie().join('\n')) ?? []
  // Another client by its unit, but with this mark: what this process remembers is not what is looked at.
  const read = async () => {
    const cookie = `strangler_unit=${'u'.repeat(22)}; ${mark}`
    const response = await fetch(`${base}/items`, { headers: { ...BROWSER, cookie } })
    await response.text()
    return response.headers.get('x-strangler-reason')
  }
  beat(1_000)
  const before = await read()
  // Later than the write by the clock of W.
  beat(-1_000)
  return { status: written.status, mark, before, after: await read(), sideSaw: seen.at(0)?.headers.cookie }
}

test.each(WAYS)(
  'a write that is answered %s leaves its mark with a browser, and the side sees none',
  async (...way) => {
    const [, method, path, status] = way
    seen.length = 0
    beat(1_000)
    expect(await writeAndRead(proxyUrl, { method, path })).toEqual({
      ...{ status, mark: expect.stringMatching(/^strangler_wrote_stock=[\w.-]{20,60}$/) },
      ...{ before: 'READ_YOUR_WRITES', after: 'STATIC', sideSaw: 'own=0' },
    })
  },
)

test('a write that the app itself answers leaves its mark too', async () => {
  seen.length = 0
  beat(1_000)
  expect(await writeAndRead(appUrl, { method: 'PUT', path: '/items' })).toMatchObject({
    ...{ mark: expect.stringContaining('strangler_wrote_stock='), sideSaw: 'own=0' },
    ...{ before: 'READ_YOUR_WRITES', after: 'STATIC' },
  })
})

test('a write of a program that keeps no cookies gets none, and none is given while nothing is synced', async () => {
  // `fetch` looks like a browser.
  const put = async (headers: Record<string, string>) => {
    const req = request(`${proxyUrl}/items`, { method: 'PUT', headers }).end('x')
    const [res] = (await once(req, 'response')) as [IncomingMessage]
    res.resume()
    return res.headers['set-cookie'] ?? []
  }
  expect(await put({})).toEqual(['own=1'])
  keeper.follow({})
  expect(await put(BROWSER)).toEqual(['own=1'])
  keeper.follow({ syncs: { stock: { epoch: 1, state: 'running', backfill: true } } })
  expect((await put(BROWSER)).join()).toContain('strangler_wrote_stock=')
})
