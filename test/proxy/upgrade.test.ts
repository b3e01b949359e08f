import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { CLOSE_SERVICE_RESTART, encodeClose } from '../../strangler/proxy/websocket-frames.ts'
import { startDeafListener } from '../conformance/tools/deaf-listener.ts'
import { valuesOf } from '../conformance/tools/http-message.ts'
import { problemOf, type RawClient } from '../conformance/tools/raw-client.ts'
import {
  CLOSE,
  decodeFrame,
  encodeFrame,
  HANDSHAKE,
  SWITCHED,
  TEXT,
} from '../conformance/tools/websocket-frames.ts'
import { startUpgradeStand, type UpgradeStandOptions } from './upgrade-stand.ts'

const QUICK = { boundaryMs: 150, answerMs: 100, flushMs: 400 }
const ALWAYS = () => true
const MASK = Buffer.alloc(4)
const answerClose = (client: RawClient) => client.write(encodeClose(CLOSE_SERVICE_RESTART, MASK))

async function expectNothingLeft(stand: Awaited<ReturnType<typeof startUpgradeStand>>): Promise<void> {
  await expect.poll(() => [stand.upgrades.open, stand.upstream.open.size]).toEqual([0, 0])
}

describe('an upgrade', () => {
  it('reaches the side with the headers of its destination and comes back with the side’s own', async () => {
    const stand = await startUpgradeStand({
      script: (exchange) =>
        exchange.write(
          SWITCHED.replace('Upgrade: w', 'Set-Cookie: a=é\r\nSet-Cookie: b\r\nKeep-Alive: 1\r\nUpgrade: w'),
        ),
      change: {
        path: '/v2/socket?a=%2F',
        adaptHeaders: (headers, status) => headers.push('X-Kit', String(status)),
      },
    })
    const client = await stand.connect()
    client.send('GET /socket HTTP/1.1', [...HANDSHAKE, 'X-DuP: 1', 'x-dup: 2', 'Proxy-Authorization: secret'])
    const head = await client.readHead()
    expect(valuesOf(head?.headers ?? [], 'set-cookie')).toEqual(['a=é', 'b'])
    expect(valuesOf(head?.headers ?? [], 'x-kit')).toEqual(['101'])
    expect(head?.bytes).not.toMatch(/keep-alive/i)
    const { bytes } = stand.upstream.only.head
    expect(bytes).toMatch(/^GET \/v2\/socket\?a=%2F HTTP\/1.1\r\n/)
    expect(bytes).toContain('X-DuP: 1\r\nX-DuP: 2\r\n')
    expect(bytes).not.toContain('secret')
  })

  it('keeps the bytes that came with the handshake, before those that follow', async () => {
    const stand = await startUpgradeStand()
    const client = await stand.connect()
    const arrived = stand.upstream.next()
    client.send('GET /socket HTTP/1.1', HANDSHAKE, 'first,')
    client.write('second')
    const exchange = await arrived
    expect((await exchange.stream.takeThrough('second'))?.toString()).toBe('first,second')
  })

  it('carries messages in both directions, and big ones with back-pressure', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    server.on('connection', (socket) =>
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    )
    const stand = await startUpgradeStand({ port: (server.address() as AddressInfo).port })
    const client = new WebSocket(`ws://127.0.0.1:${stand.port}/socket`)
    await once(client, 'open')
    const message = Buffer.alloc(20_000_000, 'x')
    client.send(message)
    const [echoed] = (await once(client, 'message')) as [Buffer]
    expect(echoed.equals(message)).toBe(true)
    client.close(4_000)
    expect((await once(client, 'close'))[0]).toBe(4_000)
    await expect.poll(() => stand.outcomes).toMatchObject([{ kind: 'upgraded' }])
    server.close()
  })

  it('does not read a side faster than its client reads', async () => {
    const stand = await startUpgradeStand()
    const { client, exchange } = await stand.open()
    client.socket.pause()
    let written = 0
    const chunk = Buffer.alloc(1_000_000)
    while (written < 60 && exchange.socket.write(chunk)) written++
    for (; written < 60; written++) exchange.socket.write(chunk)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(exchange.socket.writableLength).toBeGreaterThan(20_000_000)
    client.reset()
    await expectNothingLeft(stand)
  })

  it.each([
    ['asks first', true],
    ['does not ask', false],
  ])('to anything but websocket is a request like others, on a server that %s', async (_how, asks) => {
    const stand = await startUpgradeStand({ asks })
    const client = await stand.connect()
    const headers = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk']
    expect((await client.exchange('GET /items HTTP/1.1', headers)).text).toBe('a request with the body ""')
    const hi = await client.exchange('POST /items HTTP/1.1', [...HANDSHAKE, 'Content-Length: 2'], 'hi')
    expect(hi.text).toBe('a request with the body "hi"')
    client.send('POST /items HTTP/1.1', [...headers, 'Transfer-Encoding: chunked'], '5\r\nhello')
    await new Promise((resolve) => setTimeout(resolve, 30))
    client.write(`\r\n5\r\nworld\r\n0\r\n\r\n`)
    expect((await client.readAnswer()).text).toBe('a request with the body "helloworld"')
    expect((await client.exchange('GET /next HTTP/1.1')).status).toBe(200)
    expect(stand.upgrades.open).toBe(0)
  })
})

describe('an upgrade that is not', () => {
  const refusedBy = async (options: UpgradeStandOptions) => {
    const stand = await startUpgradeStand(options)
    if (options.port === undefined && options.script === undefined) await stand.upstream.refuse()
    const client = await stand.connect()
    const answer = await client.exchange('GET /socket HTTP/1.1', HANDSHAKE)
    await client.waitForClose()
    await expectNothingLeft(stand)
    return { status: answer.status, code: problemOf(answer)['code'], outcomes: stand.outcomes }
  }

  it('is 502 when the side refuses, resets, or does not speak HTTP', async () => {
    expect(await refusedBy({})).toMatchObject({ status: 502, code: 'STRANGLER_UPSTREAM_REFUSED' })
    const reset = await refusedBy({ script: (exchange) => exchange.socket.resetAndDestroy() })
    expect(reset).toMatchObject({
      status: 502,
      code: 'STRANGLER_UPSTREAM_RESET',
      outcomes: [{ kind: 'failed' }],
    })
    const strange = await refusedBy({ script: (exchange) => exchange.write('SSH-2.0\r\n\r\n') })
    expect(strange).toMatchObject({ status: 502, code: 'STRANGLER_UPSTREAM_INVALID' })
  })

  it('is 504 when the side does not accept, or does not answer, in time', async () => {
    const silent = await refusedBy({ script: () => undefined, deadlines: { headersMs: 100 } })
    expect(silent).toMatchObject({ status: 504, code: 'STRANGLER_UPSTREAM_HEADERS_TIMEOUT' })
    const deaf = await startDeafListener()
    const unaccepted = await refusedBy({ port: deaf.port, deadlines: { connectMs: 100 } })
    expect(unaccepted).toMatchObject({ status: 504, code: 'STRANGLER_UPSTREAM_CONNECT_TIMEOUT' })
    await deaf.stop()
  })

  it('is refused by the decision’s code, and by STRANGLER_INTERNAL when there is none', async () => {
    const refuse = await refusedBy({
      script: () => undefined,
      resolveUpgrade: async () => ({ refuse: 'STRANGLER_HOLD_FULL' }),
    })
    expect(refuse).toMatchObject({ status: 503, code: 'STRANGLER_HOLD_FULL' })
    const broken = () => Promise.reject(new Error('mine'))
    expect(await refusedBy({ script: () => undefined, resolveUpgrade: broken })).toMatchObject({
      code: 'STRANGLER_INTERNAL',
    })
  })

  it('is refused while too many are open', async () => {
    const stand = await startUpgradeStand({ maxOpen: 1 })
    const first = await stand.open()
    const answer = await (await stand.connect()).exchange('GET /socket HTTP/1.1', HANDSHAKE)
    expect([answer.status, problemOf(answer)['code']]).toEqual([503, 'STRANGLER_UPGRADES_FULL'])
    first.client.close()
    await expectNothingLeft(stand)
    await stand.open()
  })

  it('comes back as the side’s own answer, chunked or not', async () => {
    const stand = await startUpgradeStand({
      script(exchange) {
        if (exchange.path === '/chunked')
          exchange.answer('426 Upgrade Required', ['Transfer-Encoding: chunked'], '2\r\nno\r\n0\r\n\r\n')
        else exchange.answer('401 Sign In', ['X-Mine: 1'], 'sign in first')
      },
    })
    const plain = await (await stand.connect()).exchange('GET /plain HTTP/1.1', HANDSHAKE)
    expect([plain.status, plain.reason, plain.text]).toEqual([401, 'Sign In', 'sign in first'])
    const chunked = await (await stand.connect()).exchange('GET /chunked HTTP/1.1', HANDSHAKE)
    expect([chunked.status, chunked.text, chunked.body.complete]).toEqual([426, 'no', true])
    await expectNothingLeft(stand)
    expect(stand.outcomes).toMatchObject([
      { kind: 'answered', status: 401 },
      { kind: 'answered', status: 426 },
    ])
  })

  it('comes back broken when the side’s own answer breaks, and counts as a failure', async () => {
    const stand = await startUpgradeStand({
      script(exchange) {
        exchange.write('HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\nbegin')
        setTimeout(() => exchange.socket.resetAndDestroy(), 50)
      },
    })
    expect((await (await stand.connect()).exchange('GET /a HTTP/1.1', HANDSHAKE)).body.complete).toBe(false)
    await expect
      .poll(() => stand.outcomes)
      .toMatchObject([{ kind: 'failed', code: 'STRANGLER_UPSTREAM_RESET' }])
  })

  it('by a throwing handler of the endpoint’s options is a problem and no crash', async () => {
    const proxyReqWs = () => {
      throw new Error('mine')
    }
    const stand = await startUpgradeStand({ change: { httpProxyMiddleware: { on: { proxyReqWs } } } })
    const answer = await (await stand.connect()).exchange('GET /socket HTTP/1.1', HANDSHAKE)
    expect(problemOf(answer)['code']).toBe('STRANGLER_INTERNAL')
    expect(stand.reports).toHaveLength(1)
    await expectNothingLeft(stand)
  })
})

describe('when one end vanishes', () => {
  it.each(['reset', 'close'] as const)(
    'a client that goes by %s takes the side’s connection with it',
    async (how) => {
      const stand = await startUpgradeStand({ times: QUICK })
      const { client } = await stand.open()
      client[how]()
      await expectNothingLeft(stand)
      expect(stand.outcomes).toMatchObject([{ kind: 'upgraded', endedBy: 'client' }])
    },
  )

  it.each([
    ['reset', (socket: import('node:net').Socket) => socket.resetAndDestroy()],
    ['close', (socket: import('node:net').Socket) => socket.end()],
  ] as const)('a side that goes by %s takes the client’s connection with it', async (_how, go) => {
    const stand = await startUpgradeStand({ times: QUICK })
    const { client, exchange } = await stand.open()
    exchange.write(encodeFrame(TEXT, 'last words'))
    await decodeFrame(client.stream)
    go(exchange.socket)
    await client.waitForClose()
    await expectNothingLeft(stand)
    expect(stand.outcomes).toMatchObject([{ kind: 'upgraded', endedBy: 'side' }])
  })

  it('a client that goes while the side thinks is no failure, and leaves nothing', async () => {
    const stand = await startUpgradeStand({ script: () => undefined })
    for (const how of ['reset', 'close'] as const) {
      const client = await stand.connect()
      const arrived = stand.upstream.next()
      client.send('GET /socket HTTP/1.1', HANDSHAKE)
      await arrived
      client[how]()
      await expectNothingLeft(stand)
    }
    expect(stand.outcomes).toMatchObject([{ kind: 'client-gone' }, { kind: 'client-gone' }])
  })

  it('a client that goes while the decision waits is never sent on', async () => {
    let decide: () => void = () => undefined
    const decided = new Promise<void>((resolve) => {
      decide = resolve
    })
    const stand = await startUpgradeStand({
      resolveUpgrade: () => decided.then(() => ({ refuse: 'STRANGLER_INTERNAL' as const })),
    })
    const client = await stand.connect()
    client.send('GET /socket HTTP/1.1', HANDSHAKE)
    await expect.poll(() => stand.upgrades.open).toBe(1)
    client.close()
    await expect.poll(() => stand.upgrades.open).toBe(0)
    decide()
  })

  it('200 of them leave neither sockets nor entries', async () => {
    const stand = await startUpgradeStand({ maxOpen: 500, times: QUICK })
    const opened = []
    for (let i = 0; i < 200; i++) opened.push(await stand.open())
    expect(stand.upgrades.open).toBe(200)
    for (const [at, { client, exchange }] of opened.entries()) {
      if (at % 4 === 0) client.reset()
      else if (at % 4 === 1) client.close()
      else if (at % 4 === 2) exchange.socket.resetAndDestroy()
      else exchange.socket.end()
    }
    await expectNothingLeft(stand)
    expect(stand.outcomes).toHaveLength(200)
  })
})

describe('a drain', () => {
  it('sends an idle client 1012, lets its answer through to the side, and closes both', async () => {
    const stand = await startUpgradeStand()
    const { client, exchange } = await stand.open()
    const since = performance.now()
    stand.upgrades.drainRoute(ALWAYS, 100)
    const frame = await decodeFrame(client.stream)
    expect([frame.opcode, frame.code]).toEqual([CLOSE, 1_012])
    expect(performance.now() - since).toBeGreaterThan(90)
    client.write(encodeFrame(TEXT, 'sent before it knew', { masked: true }))
    answerClose(client)
    await client.waitForClose()
    await exchange.closed()
    expect(exchange.stream.pending.toString('latin1')).toContain('sent before it knew')
    expect(exchange.stream.pending.subarray(-8).toString('hex')).toBe('88820000000003f4')
    exchange.socket.end()
    await expectNothingLeft(stand)
    expect(stand.outcomes).toMatchObject([{ kind: 'upgraded', endedBy: 'drain' }])
  })

  it('waits for the end of the frame in transit, however it is cut, and lets nothing follow', async () => {
    const stand = await startUpgradeStand()
    const { client, exchange } = await stand.open()
    const whole = encodeFrame(TEXT, 'x'.repeat(70_000))
    exchange.write(whole.subarray(0, 3))
    await expect.poll(() => client.stream.pending.length).toBe(3)
    stand.upgrades.drainRoute(ALWAYS, 0)
    await new Promise((resolve) => setTimeout(resolve, 30))
    exchange.write(Buffer.concat([whole.subarray(3), encodeFrame(TEXT, 'too late')]))
    expect((await decodeFrame(client.stream)).payload.length).toBe(70_000)
    expect((await decodeFrame(client.stream)).code).toBe(1_012)
    answerClose(client)
    await client.waitForClose()
    expect(client.stream.pending).toHaveLength(0)
  })

  it('breaks off a frame that never ends, without a byte in it', async () => {
    const stand = await startUpgradeStand({ times: QUICK })
    const { client, exchange } = await stand.open()
    const part = encodeFrame(TEXT, 'x'.repeat(70_000)).subarray(0, 100)
    exchange.write(part)
    await expect.poll(() => client.stream.pending.length).toBe(100)
    stand.upgrades.drainRoute(ALWAYS, 0)
    await client.waitForClose()
    expect(client.stream.pending.equals(part)).toBe(true)
    await expectNothingLeft(stand)
  })

  it('tells the side 1001, masked, when the client does not answer', async () => {
    const stand = await startUpgradeStand({ times: QUICK })
    const { client, exchange } = await stand.open()
    stand.upgrades.drainRoute(ALWAYS, 0)
    expect((await decodeFrame(client.stream)).code).toBe(1_012)
    await exchange.closed()
    const [first, second, ...rest] = exchange.stream.pending
    expect([first, second, rest.length]).toEqual([0x88, 0x82, 6])
    const [a = 0, b = 0, , , high = 0, low = 0] = rest
    expect(((high ^ a) << 8) | (low ^ b)).toBe(1_001)
    await expectNothingLeft(stand)
  })

  it('sends no second close frame after the side’s own', async () => {
    const stand = await startUpgradeStand({ times: QUICK })
    const { client, exchange } = await stand.open()
    exchange.write(encodeClose(4_000))
    expect((await decodeFrame(client.stream)).code).toBe(4_000)
    stand.upgrades.drainRoute(ALWAYS, 0)
    await client.waitForClose()
    expect(client.stream.pending).toHaveLength(0)
    await expectNothingLeft(stand)
  })

  it('concerns the stale routes only, and not those whose flip was taken back in time', async () => {
    const stand = await startUpgradeStand()
    const stale = new Set(['/a', '/b'])
    const sockets = { a: await stand.open('/a'), b: await stand.open('/b'), c: await stand.open('/c') }
    stand.upgrades.drainRoute((route) => stale.has(route), 50)
    stale.delete('/b')
    expect((await decodeFrame(sockets.a.client.stream)).code).toBe(1_012)
    for (const { client, exchange } of [sockets.b, sockets.c]) {
      exchange.write(encodeFrame(TEXT, 'still here'))
      expect((await decodeFrame(client.stream)).payload.toString()).toBe('still here')
    }
  })

  it('reaches a connection that opens after it was asked for', async () => {
    const stand = await startUpgradeStand({ script: () => undefined })
    const client = await stand.connect()
    const arrived = stand.upstream.next()
    client.send('GET /socket HTTP/1.1', HANDSHAKE)
    const exchange = await arrived
    stand.upgrades.drainRoute(ALWAYS, 0)
    await new Promise((resolve) => setTimeout(resolve, 30))
    exchange.write(Buffer.concat([Buffer.from(SWITCHED), encodeFrame(TEXT, 'hello')]))
    expect((await client.readHead())?.status).toBe(101)
    expect((await decodeFrame(client.stream)).code).toBe(1_012)
  })

  it('is understood by a WebSocket library on both ends', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    const stand = await startUpgradeStand({ port: (server.address() as AddressInfo).port })
    const closedThere = new Promise<number>((resolve) =>
      server.once('connection', (socket) => socket.once('close', resolve)),
    )
    const client = new WebSocket(`ws://127.0.0.1:${stand.port}/socket`)
    await once(client, 'open')
    const stopped = stand.upgrades.stop(2_000)
    expect((await once(client, 'close'))[0]).toBe(1_012)
    expect(await closedThere).toBe(1_012)
    await stopped
    expect(stand.upgrades.open).toBe(0)
    server.close()
  })
})

describe('a stop', () => {
  it('drains all, takes no more, and breaks off at its deadline', async () => {
    const stand = await startUpgradeStand()
    const { client, exchange } = await stand.open()
    exchange.write(encodeFrame(TEXT, 'x'.repeat(100)).subarray(0, 10))
    await expect.poll(() => client.stream.pending.length).toBe(10)
    const since = performance.now()
    const stopped = stand.upgrades.stop(300)
    const late = await (await stand.connect()).exchange('GET /socket HTTP/1.1', HANDSHAKE)
    expect(problemOf(late)['code']).toBe('STRANGLER_STOPPING')
    await stopped
    expect(performance.now() - since).toBeLessThan(1_000)
    await stand.upgrades.stop(300)
    await expectNothingLeft(stand)
  })

  it('that is asked for again with a shorter deadline ends by that one', async () => {
    const stand = await startUpgradeStand()
    const { client, exchange } = await stand.open()
    exchange.write(encodeFrame(TEXT, 'x'.repeat(100)).subarray(0, 10))
    await expect.poll(() => client.stream.pending.length).toBe(10)
    const since = performance.now()
    const first = stand.upgrades.stop(60_000)
    await stand.upgrades.stop(0)
    await first
    expect(performance.now() - since).toBeLessThan(1_000)
  })

  it('before anything was opened is done at once', async () => {
    const stand = await startUpgradeStand()
    await stand.upgrades.stop(60_000)
    expect(stand.upgrades.open).toBe(0)
  })
})
