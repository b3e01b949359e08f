import { expect } from 'vitest'
import type { Bench, Stand } from './bench.ts'
import { describeRow } from './describe-row.ts'
import type { UpstreamExchange, UpstreamScript } from './tools/raw-upstream.ts'
import { waitUntil } from './tools/wait-until.ts'

const ABORTS = 1_000
const AT_ONCE = 50
const LIMIT_MS = 100
const TRIES = 5

const silent: UpstreamScript = () => undefined

/** How long after the client's going the upstream connection ended. */
async function measureRelease(exchange: UpstreamExchange, goAway: () => void): Promise<number> {
  const ended = exchange.closed()
  const since = performance.now()
  goAway()
  const late = new Promise<number>((resolve) => setTimeout(resolve, 500, since + 500))
  return (await Promise.race([ended, late])) - since
}

interface Begun {
  readonly client: Awaited<ReturnType<Stand['connect']>>
  readonly exchange: UpstreamExchange
}

/** One of a few in time: a single one may have waited for a processor, and a proxy that keeps what nobody waits for is late each time. */
async function expectReleased(begin: () => Promise<Begun>, how: 'close' | 'reset' = 'close'): Promise<void> {
  const took: number[] = []
  while (took.length < TRIES && !took.some((ms) => ms < LIMIT_MS)) {
    const { client, exchange } = await begin()
    took.push(await measureRelease(exchange, () => client[how]()))
  }
  expect(Math.min(...took)).toBeLessThan(LIMIT_MS)
}

async function beginRequest(stand: Stand, body?: Buffer): Promise<Begun> {
  const client = await stand.connect()
  const arrived = stand.upstream.next()
  if (body === undefined) client.send('GET /slow HTTP/1.1')
  else client.send('POST /upload HTTP/1.1', ['Content-Length: 100000'], body)
  return { client, exchange: await arrived }
}

async function abortMany(bench: Bench, stand: Stand): Promise<void> {
  for (let done = 0; done < ABORTS; done += AT_ONCE) {
    const before = stand.upstream.exchanges.length
    const clients = await Promise.all(Array.from({ length: AT_ONCE }, () => bench.connect(stand.proxy)))
    for (const client of clients) client.send('GET /slow HTTP/1.1')
    await waitUntil(
      () => stand.upstream.exchanges.length === before + AT_ONCE,
      'the requests arrive upstream',
    )
    for (const [at, client] of clients.entries()) at % 2 ? client.reset() : client.close()
  }
}

/** Whoever looked whether the proxy listens yet has gone, and the proxy has noticed. */
async function readSettled(count: () => Promise<number>): Promise<number> {
  let last = await count()
  for (let same = 0; same < 10; ) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    const now = await count()
    same = now === last ? same + 1 : 0
    last = now
  }
  return last
}

describeRow('6', (check) => {
  check(
    'a client that goes while it waits takes the upstream request with it in 100 ms',
    async (bench) => {
      const stand = await bench.start({ script: silent })
      await expectReleased(() => beginRequest(stand))
    },
    { caught: 'naive' },
  )

  check(
    'so does one whose connection is reset',
    async (bench) => {
      const stand = await bench.start({ script: silent })
      await expectReleased(() => beginRequest(stand), 'reset')
    },
    { caught: 'naive' },
  )

  check('so does one that goes in the middle of its upload', async (bench) => {
    const stand = await bench.start()
    await expectReleased(async () => {
      const begun = await beginRequest(stand, Buffer.alloc(1_000))
      await waitUntil(() => begun.exchange.stream.pending.length === 1_000, 'the first bytes arrive upstream')
      return begun
    })
  })

  check(
    'so does one that goes in the middle of a download',
    async (bench) => {
      const stand = await bench.start({
        script: (exchange) => exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nbegin'),
      })
      await expectReleased(async () => {
        const begun = await beginRequest(stand)
        await begun.client.stream.takeThrough('begin')
        return begun
      })
    },
    { caught: 'naive' },
  )

  check(
    'so does one that goes in the middle of an event stream',
    async (bench) => {
      const stand = await bench.start({
        script: (exchange) =>
          exchange.answer(
            '200 OK',
            ['Content-Type: text/event-stream', 'Transfer-Encoding: chunked'],
            '3\r\n:hi\r\n',
          ),
      })
      await expectReleased(async () => {
        const begun = await beginRequest(stand)
        await begun.client.stream.takeThrough(':hi')
        return begun
      })
    },
    { caught: 'naive' },
  )

  check(
    '1,000 aborted requests leave no upstream connection open',
    async (bench) => {
      const stand = await bench.start({ script: silent })
      await abortMany(bench, stand)
      await waitUntil(() => stand.upstream.open.size === 0, 'all upstream connections are closed')
      expect(stand.upstream.exchanges).toHaveLength(ABORTS)
    },
    { timeoutMs: 30_000 },
  )

  check(
    '1,000 aborted requests leave the proxy with the sockets that it had',
    async (bench) => {
      const stand = await bench.start({ script: silent, ownProcess: true })
      const { proxy } = stand
      const { countSockets } = proxy
      if (countSockets === undefined) throw new Error(`${bench.subject} does not tell its sockets`)
      const before = await readSettled(countSockets)
      await abortMany(bench, stand)
      await waitUntil(async () => (await countSockets()) === before, 'the number of sockets is as before')
    },
    { timeoutMs: 30_000 },
  )

  check('the proxy serves on after the aborts', async (bench) => {
    const stand = await bench.start({
      script: (exchange) => (exchange.path === '/ok' ? exchange.answer('200 OK', [], 'ok') : undefined),
    })
    for (let round = 0; round < 20; round++) {
      const { client } = await beginRequest(stand)
      client.reset()
    }
    expect((await (await stand.connect()).exchange('GET /ok HTTP/1.1')).text).toBe('ok')
  })
})
