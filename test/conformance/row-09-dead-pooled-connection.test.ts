import { expect } from 'vitest'
import type { Bench } from './bench.ts'
import { describeRow } from './describe-row.ts'
import type { UpstreamExchange } from './tools/raw-upstream.ts'

type Death = (exchange: UpstreamExchange) => void
const resets: Death = (exchange) => exchange.socket.resetAndDestroy()
const closes: Death = (exchange) => exchange.socket.end()

/** An upstream that answers the first request of each connection and dies on the second, and a client that has used it once. */
async function warmUp(bench: Bench, die: Death, method = 'GET', headers: string[] = []) {
  const stand = await bench.start({
    async script(exchange) {
      if (exchange.ordinal > 0) return die(exchange)
      await exchange.body()
      exchange.answer('200 OK', [], exchange.path)
    },
  })
  const client = await stand.connect()
  expect((await client.exchange(`${method} /warm-up HTTP/1.1`, headers)).status).toBe(200)
  return { ...stand, client }
}

describeRow('9', (check) => {
  for (const [how, die] of [
    ['resets', resets],
    ['closes', closes],
  ] as const) {
    check(
      `a GET on a pooled connection that ${how} is answered by one retry on a fresh one`,
      async (bench) => {
        const { upstream, client } = await warmUp(bench, die)
        const answer = await client.exchange('GET /again HTTP/1.1')
        expect([answer.status, answer.text]).toEqual([200, '/again'])
        const attempts = upstream.exchanges.filter((exchange) => exchange.path === '/again')
        expect(attempts.map((exchange) => exchange.ordinal)).toEqual([1, 0])
      },
      { caught: 'naive' },
    )

    check(
      `a POST with a body on a pooled connection that ${how} is 502 and delivered once at most`,
      async (bench) => {
        const { upstream, client } = await warmUp(bench, die)
        const answer = await client.exchange('POST /pay HTTP/1.1', ['Content-Length: 5'], 'money')
        expect(answer.status).toBe(502)
        expect(upstream.exchanges.filter((exchange) => exchange.path === '/pay')).toHaveLength(1)
      },
      { caught: 'buffering' },
    )
  }

  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    check(
      `a ${method} without a body is not sent again either`,
      async (bench) => {
        const { upstream, client } = await warmUp(bench, resets, method, ['Content-Length: 0'])
        const answer = await client.exchange(`${method} /pay HTTP/1.1`, ['Content-Length: 0'])
        expect(answer.status).toBe(502)
        expect(upstream.exchanges.filter((exchange) => exchange.path === '/pay')).toHaveLength(1)
      },
      { caught: 'buffering' },
    )
  }

  check(
    'a GET with a body is delivered once at most',
    async (bench) => {
      const { upstream, client } = await warmUp(bench, resets)
      const answer = await client.exchange('GET /search HTTP/1.1', ['Content-Length: 5'], 'query')
      expect(answer.status).toBe(502)
      expect(upstream.exchanges.filter((exchange) => exchange.path === '/search')).toHaveLength(1)
    },
    { notApplicable: { nginx: 'nginx tries it again or not, by how far the sending has come' } },
  )

  check('a GET is tried twice and not a third time', async (bench) => {
    const { upstream, client } = await warmUp(bench, resets)
    upstream.script = resets
    expect((await client.exchange('GET /again HTTP/1.1')).status).toBe(502)
    expect(upstream.exchanges.filter((exchange) => exchange.path === '/again')).toHaveLength(2)
  })

  check('a GET whose answer has begun is not tried again', async (bench) => {
    const { upstream, client } = await warmUp(bench, (exchange) => {
      exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin')
      setTimeout(() => exchange.socket.resetAndDestroy(), 50)
    })
    const answer = await client.exchange('GET /again HTTP/1.1')
    expect(answer.body.complete).toBe(false)
    expect(upstream.exchanges.filter((exchange) => exchange.path === '/again')).toHaveLength(1)
  })

  check(
    '40 clients whose pooled connections all died at once get their answers',
    async (bench) => {
      const { upstream, connect } = await warmUp(bench, resets)
      const clients = await Promise.all(Array.from({ length: 40 }, () => connect()))
      const rounds = [1, 2, 3]
      for (const round of rounds) {
        const answers = await Promise.all(clients.map((client) => client.exchange(`GET /${round} HTTP/1.1`)))
        expect(answers.map((answer) => answer.status)).toEqual(clients.map(() => 200))
      }
      expect(upstream.faults).toEqual([])
    },
    { caught: 'naive' },
  )
})
