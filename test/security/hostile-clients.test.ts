import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type { RefusedConnection } from '../../strangler/core/refused-connection.ts'
import { createProxyServer } from '../../strangler/proxy/proxy-server.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { startAdmin } from '../admin/start-admin.ts'
import { valuesOf } from '../conformance/tools/http-message.ts'
import { RawClient } from '../conformance/tools/raw-client.ts'
import { startStand } from '../flow/proxy-stand.ts'
import { json, serve } from '../shadow/serve.ts'
import { stateOf } from '../support/tables.ts'
import { type Attacked, BOMBS, dripHeads, HEADERS_MS, SOON, send } from './hostile-clients.ts'

type Stand = Attacked & { stop(): Promise<void> }

const statusAt = (url: string) => fetch(url).then((response) => response.status)

async function startProxy(): Promise<Stand> {
  const monolith = await serve(json({ alive: true }))
  const refused: RefusedConnection[] = []
  const config = checkConfig({ sides: { monolith: monolith.url }, capabilities: {} })
  const proxy = createProxyServer({
    ...{ config, table: compileTable(config, stateOf([])), secret: Buffer.alloc(32) },
    ...{ headersMs: HEADERS_MS, onRefused: (one) => void refused.push(one) },
  })
  const { port } = await proxy.listen(0, '127.0.0.1')
  return {
    ...{ refused, address: { host: '127.0.0.1', port } },
    ask: () => statusAt(`http://127.0.0.1:${port}/livez`),
    async stop() {
      await proxy.stop({ drainMs: 0 })
      monolith.stop()
    },
  }
}

async function startAdminPort(): Promise<Stand> {
  const refused: RefusedConnection[] = []
  const admin = await startAdmin({ headersMs: HEADERS_MS, onRefused: (one) => void refused.push(one) })
  const port = Number(new URL(admin.url).port)
  return {
    ...{ refused, address: { host: '127.0.0.1', port } },
    ask: () => statusAt(`${admin.url}/livez`),
    stop: () => admin.stop(),
  }
}

describe.each([
  ['proxy', startProxy],
  ['admin', startAdminPort],
] as const)('the %s port', (port, start) => {
  let stand: Stand
  beforeEach(async () => {
    stand = await start()
  }, 60_000)
  afterEach(() => stand.stop())

  test.each(BOMBS)(
    'refuses %s, tells of it, closes the connection and serves on',
    async (_what, { bytes, status, inBody }) => {
      const client = await send(stand, bytes)
      const answer = await client.readHead(SOON.timeout)
      expect(answer?.status).toBe(port === 'admin' && inBody ? 200 : status)
      await client.waitForClose(SOON.timeout)
      expect(stand.refused).toEqual([{ port, status, address: '127.0.0.1', error: expect.any(String) }])
      // What was sent is in no log: it may be anything.
      expect(JSON.stringify(stand.refused)).not.toContain('xxx')
      expect(await stand.ask()).toBe(200)
    },
  )

  test('serves others while two hundred clients drip their headers, and closes each at its deadline', async () => {
    const slow = await dripHeads(stand, 200)
    const silent = await RawClient.connect(stand.address)
    expect(await stand.ask()).toBe(200)
    await Promise.all([...slow, silent].map((client) => client.waitForClose(SOON.timeout)))
    expect(stand.refused).toHaveLength(201)
    expect(new Set(stand.refused.map(({ status }) => status))).toEqual(new Set([408]))
    expect(await stand.ask()).toBe(200)
  }, 60_000)

  test('does not call it a refusal when a client goes away in the middle of its headers', async () => {
    const client = await send(stand, 'GET /livez HTTP/1.1\r\nHost: local')
    client.reset()
    expect(await stand.ask()).toBe(200)
    expect(stand.refused.filter(({ status }) => status !== 408)).toEqual([])
  })
})

// Node bounds the number of headers as well as their bytes. One that were dropped in silence would make another request of it.
test.each([900, 1_100, 1_900, 2_100, 2_500])(
  'of %i headers the proxy passes on every one, or refuses the request',
  async (count) => {
    const { connect } = await startStand({
      monolith: (exchange) =>
        exchange.answer('200 OK', [], String(valuesOf(exchange.head.headers, 'a').length)),
    })
    const client = await connect()
    const answer = await client.exchange('GET / HTTP/1.1', Array(count).fill('a: b'))
    const isWhole = answer.status === 200 && answer.text === String(count)
    expect(isWhole || answer.status === 431, `${answer.status} ${answer.text}`).toBe(true)
    if (count < 1_000) expect(answer.status).toBe(200)
  },
)
