import { expect } from 'vitest'
import type { Bench, Setup } from './bench.ts'
import { describeRow } from './describe-row.ts'
import { canConnect } from './tools/can-connect.ts'
import { valuesOf } from './tools/http-message.ts'
import { balanceLoad } from './tools/load-balancer.ts'
import type { RawClient } from './tools/raw-client.ts'
import { waitUntil } from './tools/wait-until.ts'

/** 400 requests take a moment on a free machine, and longer on a busy one. */
const LONGEST_WAIT_MS = 30_000

/** A proxy in its own process with one request in flight. */
async function startBusy(bench: Bench, setup: Setup = {}) {
  const stand = await bench.start({ script: () => undefined, drainMs: 5_000, ...setup, ownProcess: true })
  const client = await stand.connect()
  const arrived = stand.upstream.next()
  client.send('GET /slow HTTP/1.1')
  return { ...stand, client, exchange: await arrived, terminate: () => terminate(bench, stand.proxy) }
}

function terminate(
  bench: Bench,
  proxy: { terminate?: () => Promise<number | null> },
): Promise<number | null> {
  if (proxy.terminate === undefined) throw new Error(`${bench.subject} is no process of its own`)
  return proxy.terminate()
}

const waitUntilRefused = (port: number) =>
  waitUntil(async () => !(await canConnect(port)), 'new connections are refused')

describeRow('20', (check) => {
  check(
    'new connections are refused while a request in flight finishes, then the exit code is 0',
    async (bench) => {
      const { proxy, client, exchange, terminate: end } = await startBusy(bench)
      const exited = end()
      await waitUntilRefused(proxy.port)
      exchange.answer('200 OK', [], 'finished')
      const answer = await client.readAnswer()
      expect([answer.status, answer.text]).toEqual([200, 'finished'])
      expect(await exited).toBe(0)
    },
  )

  check('the last answer tells the client that its connection ends', async (bench) => {
    const { proxy, client, exchange, terminate: end } = await startBusy(bench)
    const exited = end()
    await waitUntilRefused(proxy.port)
    exchange.answer('200 OK', [], 'finished')
    expect(valuesOf((await client.readAnswer()).headers, 'connection')).toEqual(['close'])
    expect(await client.waitForClose()).toBe('end')
    await exited
  })

  check('a download and an upload in flight are finished', async (bench) => {
    const stand = await bench.start({
      ownProcess: true,
      drainMs: 5_000,
      async script(exchange) {
        if (exchange.method === 'GET')
          return exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbegin')
        await exchange.body()
        exchange.answer('200 OK', [], 'got it')
      },
    })
    const [down, up] = [await stand.connect(), await stand.connect()]
    down.send('GET /file HTTP/1.1')
    await waitUntil(() => down.stream.pending.includes('begin'), 'the download begins')
    up.send('POST /file HTTP/1.1', ['Content-Length: 10'], 'begin')
    await waitUntil(() => stand.upstream.exchanges.length === 2, 'the upload begins')
    const exited = terminate(bench, stand.proxy)
    await waitUntilRefused(stand.proxy.port)
    stand.upstream.exchanges[0]?.write('-end.')
    up.write('-end.')
    expect((await down.readAnswer()).text).toBe('begin-end.')
    expect((await up.readAnswer()).text).toBe('got it')
    expect(await exited).toBe(0)
  })

  check('a request beyond the deadline is broken off, and the exit code is 0 all the same', async (bench) => {
    const { client, terminate: end } = await startBusy(bench, { drainMs: 300 })
    const since = performance.now()
    expect(await end()).toBe(0)
    expect(performance.now() - since).toBeGreaterThan(250)
    expect(performance.now() - since).toBeLessThan(3_000)
    await client.waitForClose()
  })

  check('idle connections do not keep it from going', async (bench) => {
    const stand = await bench.start({ ownProcess: true, drainMs: 8_000 })
    const idle: RawClient[] = []
    for (let count = 0; count < 5; count++) idle.push(await stand.connect())
    for (const client of idle.slice(1)) await client.exchange('GET /items HTTP/1.1')
    const since = performance.now()
    expect(await terminate(bench, stand.proxy)).toBe(0)
    expect(performance.now() - since).toBeLessThan(4_000)
  })

  check('a request that was on its way on an idle connection is still answered', async (bench) => {
    const stand = await bench.start({ ownProcess: true, drainMs: 5_000 })
    const client = await stand.connect()
    await client.exchange('GET /one HTTP/1.1')
    const exited = terminate(bench, stand.proxy)
    await waitUntilRefused(stand.proxy.port)
    expect((await client.exchange('GET /two HTTP/1.1')).text).toBe('ok')
    expect(await exited).toBe(0)
  })

  check(
    'behind a load balancer that retries connects no request fails',
    async (bench) => {
      const upstream = await bench.upstream()
      const first = await bench.proxy(upstream, { ownProcess: true, drainMs: 5_000 })
      const second = await bench.proxy(upstream, { ownProcess: true })
      const balancer = balanceLoad([first, second], 16)
      await waitUntil(() => balancer.answered > 400, 'the load is under way', LONGEST_WAIT_MS)
      expect(await terminate(bench, first)).toBe(0)
      const since = balancer.answered
      await waitUntil(() => balancer.answered > since + 400, 'the load goes on', LONGEST_WAIT_MS)
      expect(await balancer.finish()).toEqual([])
    },
    { timeoutMs: 3 * LONGEST_WAIT_MS },
  )
})
