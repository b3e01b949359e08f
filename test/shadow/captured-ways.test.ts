import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import express from 'express'
import { expect, onTestFinished, test } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { CapturedExchange } from '../../strangler/core/captured-exchange.ts'
import { createProxy } from '../../strangler/proxy/create-proxy.ts'
import { createProxyServer } from '../../strangler/proxy/proxy-server.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { stateOf } from '../support/tables.ts'
import { serve } from './serve.ts'

const BODY = gzipSync(JSON.stringify({ name: 'é'.repeat(5_000) }))

/** Keeps what it gets, and how many bytes are out. */
function collect() {
  const captured: CapturedExchange[] = []
  let held = 0
  const port = {
    maxBodyBytes: 1_000_000,
    wants: () => true,
    isOwnMark: () => false,
    takeBytes(count: number) {
      held += count
      return true
    },
    giveBytes(count: number) {
      held -= count
    },
    onCaptured(exchange: CapturedExchange) {
      captured.push(exchange)
      held -= exchange.bytes
    },
    onSkipped(_: unknown, reason: string) {
      throw new Error(reason)
    },
  }
  return { captured, port, held: () => held }
}

const configOf = (url: string, endpoint: object = {}) =>
  checkConfig({
    sides: { monolith: url, inventory: url },
    capabilities: {
      inventory: {
        endpoints: [{ endpoint: 'POST /search', effect: 'read', mode: 'shadow', ...endpoint } as never],
      },
    },
  })

const failing = (operation: string, error: unknown) => {
  throw new Error(`failed to ${operation}`, { cause: error })
}

const send = (url: string) =>
  fetch(`${url}/search?q=1`, {
    method: 'POST',
    body: JSON.stringify({ q: 'x'.repeat(100_000) }),
    headers: { 'content-type': 'application/json', 'x-request-id': 'one' },
  })

const expectWhole = (exchange: CapturedExchange | undefined) => {
  expect(exchange).toMatchObject({ endpoint: 'POST /search', effect: 'read', primary: 'monolith' })
  expect(exchange?.answer.status).toBe(201)
  expect(Buffer.from(exchange?.answer.body ?? []).equals(BODY)).toBe(true)
  const headers = exchange?.answer.headers ?? []
  const named = headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
  expect(named).toEqual(expect.arrayContaining(['content-type', 'content-encoding', 'x-of-the-side']))
  expect(named.filter((name) => name.startsWith('x-strangler') || name === 'x-correlation-id')).toEqual([])
  const { body, method, target } = exchange!.requests.service
  expect({ method, target, length: body?.length }).toEqual({
    method: 'POST',
    target: '/search?q=1',
    length: 100_008,
  })
}

const answerInParts = () =>
  serve((_req, res) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip', 'x-of-the-side': 'yes' }
    res.writeHead(201, headers)
    res.write(BODY.subarray(0, 20))
    setTimeout(() => res.end(BODY.subarray(20)), 20)
  })

test.each([
  ['undici', {}],
  ['http-proxy-middleware', { httpProxyMiddleware: {} }],
])(
  'request and answer are copied whole by the engine %s, and the client gets the same bytes',
  async (_name, endpoint) => {
    const side = await answerInParts()
    const { captured, port, held } = collect()
    const config = configOf(side.url, endpoint)
    const table = compileTable(config, stateOf([]))
    const proxy = createProxyServer({
      config,
      table,
      secret: Buffer.alloc(32),
      capture: port,
      report: failing,
    })
    const { port: listening } = await proxy.listen(0, '127.0.0.1')
    onTestFinished(() => proxy.stop({ drainMs: 0 }))
    const response = await send(`http://127.0.0.1:${listening}`)
    expect(((await response.json()) as { name: string }).name).toHaveLength(5_000)
    await expect.poll(() => captured.length).toBe(1)
    expectWhole(captured[0])
    expect(JSON.parse(side.requests[0]?.body ?? '{}').q).toHaveLength(100_000)
    expect(held()).toBe(0)
  },
)

test('inside an Express app, what the app writes is copied, and the app sees nothing of it', async () => {
  const { captured, port, held } = collect()
  const config = configOf('http://127.0.0.1:9')
  const proxy = createProxy({
    ...{
      config,
      table: compileTable(config, stateOf([])),
      secret: Buffer.alloc(32),
      capture: port,
      report: failing,
    },
  })
  const app = express().disable('x-powered-by')
  app.use((req, res, next) => proxy.handle(req, res, next))
  app.use(express.json({ limit: '1mb' }))
  app.post('/search', (req, res) => {
    expect(req.body.q).toHaveLength(100_000)
    res.status(201).set({ 'content-encoding': 'gzip', 'x-of-the-side': 'yes' }).type('json')
    res.write(BODY.subarray(0, 20))
    res.end(BODY.subarray(20))
  })
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await proxy.stop()
  })
  const response = await send(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  expect(((await response.json()) as { name: string }).name).toHaveLength(5_000)
  await expect.poll(() => captured.length).toBe(1)
  expectWhole(captured[0])
  expect(held()).toBe(0)
})

test('an observer that throws is reported, and the client has its answer', async () => {
  const side = await answerInParts()
  const config = configOf(side.url)
  const reported: string[] = []
  const broken = () => {
    throw new Error('the observer is broken')
  }
  const port = {
    ...collect().port,
    takeBytes: broken,
    onCaptured: broken,
    onSkipped: broken,
  }
  const proxy = createProxyServer({
    ...{ config, table: compileTable(config, stateOf([])), secret: Buffer.alloc(32), capture: port },
    report: (operation) => void reported.push(operation),
  })
  const { port: listening } = await proxy.listen(0, '127.0.0.1')
  onTestFinished(() => proxy.stop({ drainMs: 0 }))
  const response = await send(`http://127.0.0.1:${listening}`)
  expect(response.status).toBe(201)
  await response.arrayBuffer()
  expect(reported).toContain('copy an exchange')
})
