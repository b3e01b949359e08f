import { expect } from 'vitest'
import { describeRow } from './describe-row.ts'
import { valuesOf } from './tools/http-message.ts'
import { CLOSE, decodeFrame, encodeFrame, HANDSHAKE, openWebSocket, TEXT } from './tools/websocket-frames.ts'
import { openEcho, startEchoServer, startHeldSocket } from './tools/websocket-sides.ts'

const NO_DRAIN = { nginx: 'nginx leaves open WebSockets to the worker that began them' }
const DRAIN = { upgradeDrainMs: 200, drainMs: 3_000 }

describeRow('15', (check) => {
  check(
    'an upgrade to h2c is stripped and the request served as it is',
    async (bench) => {
      const { upstream, connect } = await bench.start()
      const client = await connect()
      const answer = await client.exchange('GET /items HTTP/1.1', [
        'Connection: Upgrade, HTTP2-Settings',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
      ])
      expect([answer.status, answer.text]).toEqual([200, 'ok'])
      const { headers } = upstream.only.head
      expect(valuesOf(headers, 'upgrade')).toEqual([])
      expect(valuesOf(headers, 'http2-settings')).toEqual([])
      expect(valuesOf(headers, 'connection').join().toLowerCase()).not.toContain('upgrade')
      expect((await client.exchange('GET /next HTTP/1.1')).text).toBe('ok')
    },
    { caught: 'naive' },
  )

  check('an upgrade to h2c on a POST keeps its body', async (bench) => {
    const { upstream, connect } = await bench.start()
    const headers = ['Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 5']
    expect((await (await connect()).exchange('POST /items HTTP/1.1', headers, 'hello')).status).toBe(200)
    expect((await upstream.only.body()).bytes.toString()).toBe('hello')
    expect(valuesOf(upstream.only.head.headers, 'upgrade')).toEqual([])
  })

  check('h2c beside websocket in one Upgrade header does not reach upstream', async (bench) => {
    const { upstream, connect } = await bench.start({
      script: (exchange) => exchange.answer('200 OK', [], 'ok'),
    })
    const client = await connect()
    client.send('GET /items HTTP/1.1', [
      ...HANDSHAKE.slice(0, 1),
      'Upgrade: h2c, websocket',
      ...HANDSHAKE.slice(2),
    ])
    await client.readHead()
    for (const exchange of upstream.exchanges) expect(exchange.head.bytes).not.toMatch(/^upgrade:.*h2c/im)
  })

  check('a WebSocket carries text and binary messages in both directions', async (bench) => {
    const echo = await startEchoServer(bench)
    const socket = await openEcho(bench, await bench.proxy(echo), '/socket?room=1')
    expect(await socket.ask('hello')).toBe('hello')
    expect(await socket.ask(Buffer.from([0, 1, 254, 255]))).toEqual(Buffer.from([0, 1, 254, 255]))
    const big = Buffer.alloc(3_000_000, 'x')
    expect((await socket.ask(big)).length).toBe(big.length)
    expect(echo.paths).toEqual(['/socket?room=1'])
  })

  check('the chosen subprotocol and the side’s own headers come back with the 101', async (bench) => {
    const { connect } = await bench.start({
      script: (exchange) =>
        exchange.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
            'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n',
        ),
    })
    const client = await connect()
    client.send('GET /socket HTTP/1.1', [...HANDSHAKE, 'Sec-WebSocket-Protocol: chat, other'])
    const head = await client.readHead()
    expect(head?.status).toBe(101)
    expect(valuesOf(head?.headers ?? [], 'sec-websocket-protocol')).toEqual(['chat'])
    expect(valuesOf(head?.headers ?? [], 'set-cookie')).toEqual(['a=1', 'b=2'])
  })

  check('bytes that follow the handshake at once are not lost in either direction', async (bench) => {
    const { connect } = await bench.start({
      async script(exchange) {
        const answer = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
        exchange.write(Buffer.concat([Buffer.from(answer), encodeFrame(TEXT, 'first')]))
        exchange.write((await exchange.stream.takeSome()) ?? '')
      },
    })
    const client = await connect()
    client.send('GET /socket HTTP/1.1', HANDSHAKE, encodeFrame(TEXT, 'early', { masked: true }))
    expect((await client.readHead())?.status).toBe(101)
    expect((await decodeFrame(client.stream)).payload.toString()).toBe('first')
    expect((await decodeFrame(client.stream)).payload.toString()).toBe('early')
  })

  check('a close code travels in both directions', async (bench) => {
    const echo = await startEchoServer(bench)
    const proxy = await bench.proxy(echo)
    const first = await openEcho(bench, proxy)
    first.close(4_001, 'mine')
    expect(await echo.closed()).toBe(4_001)
    const second = await openEcho(bench, proxy)
    await second.ask('close 4002').catch(() => undefined)
    expect((await second.closed).code).toBe(4_002)
  })

  check('a side that refuses the upgrade is heard', async (bench) => {
    const { connect } = await bench.start({
      script: (exchange) => exchange.answer('401 Unauthorized', ['X-Mine: 1'], 'sign in first'),
    })
    const answer = await (await connect()).exchange('GET /socket HTTP/1.1', HANDSHAKE)
    expect([answer.status, answer.text]).toEqual([401, 'sign in first'])
  })

  check('a client that goes away takes the side’s socket with it', async (bench) => {
    const { upstream, client } = await openWebSocket(bench)
    client.reset()
    await expect.poll(() => upstream.open.size).toBe(0)
  })

  check('a side that goes away takes the client’s socket with it', async (bench) => {
    const { client, exchange } = await openWebSocket(bench)
    exchange.socket.resetAndDestroy()
    expect(await client.waitForClose()).toMatch(/end|reset/)
  })

  for (const [event, trigger] of [
    ['a flip', 'flip'],
    ['a stop', 'stop'],
  ] as const) {
    check(
      `after ${event} an idle WebSocket is closed with 1012, at its configured age`,
      async (bench) => {
        const held = await startHeldSocket(bench, DRAIN)
        const since = performance.now()
        held.begin(trigger)
        const frame = await decodeFrame(held.client.stream)
        expect([frame.opcode, frame.code]).toEqual([CLOSE, 1_012])
        if (trigger === 'flip') expect(performance.now() - since).toBeGreaterThan(150)
        held.client.write(encodeFrame(CLOSE, frame.payload, { masked: true }))
        await held.client.waitForClose()
        await expect.poll(() => held.upstream.open.size).toBe(0)
      },
      { notApplicable: NO_DRAIN },
    )

    check(
      `after ${event} the 1012 waits for the end of a big frame in transit`,
      async (bench) => {
        const held = await startHeldSocket(bench, DRAIN)
        const whole = encodeFrame(TEXT, 'x'.repeat(200_000))
        held.exchange.write(whole.subarray(0, 100_000))
        await held.client.stream.waitFor(100_000)
        held.begin(trigger)
        await new Promise((resolve) => setTimeout(resolve, 400))
        held.exchange.write(whole.subarray(100_000))
        const frame = await decodeFrame(held.client.stream)
        expect([frame.opcode, frame.payload.length]).toEqual([TEXT, 200_000])
        expect((await decodeFrame(held.client.stream)).code).toBe(1_012)
      },
      { notApplicable: NO_DRAIN },
    )

    check(
      `after ${event} a frame that never ends does not keep its WebSocket open`,
      async (bench) => {
        const held = await startHeldSocket(bench, DRAIN)
        held.exchange.write(encodeFrame(TEXT, 'x'.repeat(200_000)).subarray(0, 100_000))
        await held.client.stream.waitFor(100_000)
        held.begin(trigger)
        await held.client.waitForClose(6_000)
        const rest = held.client.stream.pending
        expect(
          rest.subarray(10).every((byte) => byte === 0x78),
          'something was put into the frame',
        ).toBe(true)
        await expect.poll(() => held.upstream.open.size).toBe(0)
      },
      { notApplicable: NO_DRAIN },
    )
  }

  check(
    'between two fragments of a message the 1012 may come, within one it may not',
    async (bench) => {
      const held = await startHeldSocket(bench, DRAIN)
      const first = encodeFrame(TEXT, 'x'.repeat(70_000), { last: false })
      held.exchange.write(first)
      held.begin('flip')
      const fragment = await decodeFrame(held.client.stream)
      expect([fragment.opcode, fragment.last, fragment.payload.length]).toEqual([TEXT, false, 70_000])
      expect((await decodeFrame(held.client.stream)).code).toBe(1_012)
    },
    { notApplicable: NO_DRAIN },
  )

  check(
    'within its configured age a WebSocket of the old side goes on, and new ones go to the new side',
    async (bench) => {
      const held = await startHeldSocket(bench, { upgradeDrainMs: 5_000, drainMs: 3_000 })
      held.begin('flip')
      held.exchange.write(encodeFrame(TEXT, 'still here'))
      expect((await decodeFrame(held.client.stream)).payload.toString()).toBe('still here')
      const arrived = held.service.next()
      const client = await bench.connect(held.proxy)
      client.send('GET /socket HTTP/1.1', HANDSHAKE)
      await arrived
      expect(held.upstream.exchanges).toHaveLength(1)
    },
    { notApplicable: NO_DRAIN },
  )
})
