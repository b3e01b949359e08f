import { describe, expect, it } from 'vitest'
import { startDeafListener } from '../conformance/tools/deaf-listener.ts'
import { problemOf } from '../conformance/tools/raw-client.ts'
import { decodeFrame, encodeFrame, HANDSHAKE, TEXT } from '../conformance/tools/websocket-frames.ts'
import { expectNothingLeft, QUICK, startUpgradeStand, type UpgradeStandOptions } from './upgrade-stand.ts'

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
