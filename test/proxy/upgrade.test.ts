import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { valuesOf } from '../conformance/tools/http-message.ts'
import { HANDSHAKE, SWITCHED } from '../conformance/tools/websocket-frames.ts'
import { expectNothingLeft, startUpgradeStand } from './upgrade-stand.ts'

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
