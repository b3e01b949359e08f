import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { CLOSE_SERVICE_RESTART, encodeClose } from '../../strangler/proxy/websocket-frames.ts'
import { problemOf, type RawClient } from '../conformance/tools/raw-client.ts'
import {
  CLOSE,
  decodeFrame,
  encodeFrame,
  HANDSHAKE,
  SWITCHED,
  TEXT,
} from '../conformance/tools/websocket-frames.ts'
import { expectNothingLeft, QUICK, startUpgradeStand } from './upgrade-stand.ts'

const ALWAYS = () => true
const MASK = Buffer.alloc(4)
const answerClose = (client: RawClient) => client.write(encodeClose(CLOSE_SERVICE_RESTART, MASK))

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
    // Without a deadline it would wait for as long as the frame is open.
    expect(performance.now() - since).toBeLessThan(10_000)
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
    expect(performance.now() - since).toBeLessThan(10_000)
  })

  it('before anything was opened is done at once', async () => {
    const stand = await startUpgradeStand()
    await stand.upgrades.stop(60_000)
    expect(stand.upgrades.open).toBe(0)
  })
})
