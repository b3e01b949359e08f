import { expect } from 'vitest'
import type { Bench } from './bench.ts'
import { describeRow } from './describe-row.ts'
import { waitUntil } from './tools/wait-until.ts'

const STREAMS = 300
const EVENT_STREAM = ['Content-Type: text/event-stream', 'Transfer-Encoding: chunked']

const chunk = (data: string) => `${data.length.toString(16)}\r\n${data}\r\n`

async function openStreams(bench: Bench) {
  const stand = await bench.start({
    script(exchange) {
      if (exchange.path === '/plain') return exchange.answer('200 OK', [], 'ok')
      exchange.answer('200 OK', EVENT_STREAM, chunk(':open\n\n'))
    },
  })
  const clients = await Promise.all(Array.from({ length: STREAMS }, () => stand.connect()))
  for (const client of clients) client.send('GET /events HTTP/1.1', ['Accept: text/event-stream'])
  await Promise.all(clients.map((client) => client.stream.takeThrough(':open\n\n\r\n', 10_000)))
  return { ...stand, clients }
}

async function timeGet(client: Awaited<ReturnType<Bench['connect']>>): Promise<number> {
  const since = performance.now()
  expect((await client.exchange('GET /plain HTTP/1.1')).text).toBe('ok')
  return performance.now() - since
}

describeRow('12', (check) => {
  check('300 event streams are open at the same time', async (bench) => {
    const { upstream } = await openStreams(bench)
    expect(upstream.open.size).toBe(STREAMS)
  })

  check('a plain GET is not delayed by them', async (bench) => {
    const { connect } = await openStreams(bench)
    const client = await connect()
    await timeGet(client)
    const times = []
    for (let round = 0; round < 20; round++) times.push(await timeGet(client))
    expect(times.sort((a, b) => a - b)[10]).toBeLessThan(50)
  })

  check('each event arrives when it is sent, before the next one is', async (bench) => {
    const { upstream, clients } = await openStreams(bench)
    for (let event = 0; event < 3; event++) {
      const line = `data: ${event}\n\n`
      for (const exchange of upstream.exchanges) exchange.write(chunk(line))
      await Promise.all(clients.map((client) => client.stream.takeThrough(line)))
      expect(clients.every((client) => client.stream.pending.length <= 2)).toBe(true)
    }
  })

  check(
    'an event is not kept until the stream ends',
    async (bench) => {
      const { connect } = await bench.start({
        script: (exchange) => exchange.answer('200 OK', EVENT_STREAM, chunk('data: 1\n\n')),
      })
      const client = await connect()
      client.send('GET /events HTTP/1.1')
      expect(await client.stream.takeThrough('data: 1\n\n', 1_000)).toBeDefined()
    },
    { caught: 'buffering' },
  )

  check('the smallest event is not held back for a fuller packet', async (bench) => {
    const { upstream, clients } = await openStreams(bench)
    const [exchange] = upstream.exchanges
    exchange?.write(chunk('\n'))
    const reached = () => clients.filter((client) => client.stream.pending.includes('1\r\n\n')).length
    await waitUntil(() => reached() === 1, 'one byte reaches its client', 500)
  })

  check('closed streams give their upstream connections back', async (bench) => {
    const { upstream, clients } = await openStreams(bench)
    for (const client of clients) client.close()
    await waitUntil(() => upstream.open.size === 0, 'all upstream connections are closed')
  })
})
