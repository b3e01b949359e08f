import { expect } from 'vitest'
import type { Stand } from './bench.ts'
import { describeRow } from './describe-row.ts'
import { problemOf, type RawAnswer } from './tools/raw-client.ts'

const NGINX_PAGE = { nginx: 'nginx answers with an HTML page of its own' }

function expectProblem(answer: RawAnswer, stand: Stand, expected: { status: number; code: string }): void {
  expect(answer.status).toBe(expected.status)
  const problem = problemOf(answer)
  expect(problem).toMatchObject({ status: expected.status, code: expected.code })
  expect(problem['title']).toBeTypeOf('string')
  expect(answer.body.complete).toBe(true)
  const everything = `${answer.bytes}${answer.text}`
  for (const secret of [String(stand.upstream.port), '127.0.0.1', 'localhost', 'ECONN']) {
    expect(everything, 'an internal address leaks').not.toContain(secret)
  }
}

describeRow('8', (check) => {
  check(
    'a refused connection is 502',
    async (bench) => {
      const { upstream, connect } = await bench.start()
      await upstream.refuse()
      expect((await (await connect()).exchange('GET /items HTTP/1.1')).status).toBe(502)
    },
    { caught: 'naive' },
  )

  check(
    'a connection reset before the answer is 502',
    async (bench) => {
      const { connect } = await bench.start({ script: (exchange) => exchange.socket.resetAndDestroy() })
      expect(
        (await (await connect()).exchange('POST /items HTTP/1.1', ['Content-Length: 1'], 'x')).status,
      ).toBe(502)
    },
    { caught: 'naive' },
  )

  check(
    'a connection closed before the answer is 502',
    async (bench) => {
      const { connect } = await bench.start({ script: (exchange) => exchange.socket.end() })
      expect(
        (await (await connect()).exchange('POST /items HTTP/1.1', ['Content-Length: 1'], 'x')).status,
      ).toBe(502)
    },
    { caught: 'naive' },
  )

  check('an upstream that says nothing is 504', async (bench) => {
    const { connect } = await bench.start({ script: () => undefined, deadlines: { headersMs: 200 } })
    expect((await (await connect()).exchange('GET /items HTTP/1.1')).status).toBe(504)
  })

  check(
    'refused: a problem document with its code, without an address',
    async (bench) => {
      const stand = await bench.start()
      await stand.upstream.refuse()
      const answer = await (await stand.connect()).exchange('GET /items HTTP/1.1')
      expectProblem(answer, stand, { status: 502, code: 'STRANGLER_UPSTREAM_REFUSED' })
    },
    { caught: 'naive', notApplicable: NGINX_PAGE },
  )

  check(
    'reset: a problem document with its code, without an address',
    async (bench) => {
      const stand = await bench.start({ script: (exchange) => exchange.socket.resetAndDestroy() })
      const answer = await (await stand.connect()).exchange(
        'POST /items HTTP/1.1',
        ['Content-Length: 1'],
        'x',
      )
      expectProblem(answer, stand, { status: 502, code: 'STRANGLER_UPSTREAM_RESET' })
    },
    { caught: 'naive', notApplicable: NGINX_PAGE },
  )

  check(
    'silent: a problem document with its code, without an address',
    async (bench) => {
      const stand = await bench.start({ script: () => undefined, deadlines: { headersMs: 200 } })
      const answer = await (await stand.connect()).exchange('GET /items HTTP/1.1')
      expectProblem(answer, stand, { status: 504, code: 'STRANGLER_UPSTREAM_HEADERS_TIMEOUT' })
    },
    { notApplicable: NGINX_PAGE },
  )

  check(
    'no HTTP: a problem document with its code, without an address',
    async (bench) => {
      const stand = await bench.start({
        script(exchange) {
          exchange.write('SSH-2.0-OpenSSH_9.2\r\n\r\n')
        },
      })
      const answer = await (await stand.connect()).exchange(
        'POST /items HTTP/1.1',
        ['Content-Length: 1'],
        'x',
      )
      expectProblem(answer, stand, { status: 502, code: 'STRANGLER_UPSTREAM_INVALID' })
    },
    { notApplicable: NGINX_PAGE },
  )

  check(
    'an upgrade to an upstream that refuses is 502 with a problem document',
    async (bench) => {
      const stand = await bench.start()
      await stand.upstream.refuse()
      const answer = await (await stand.connect()).exchange('GET /socket HTTP/1.1', [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ])
      expectProblem(answer, stand, { status: 502, code: 'STRANGLER_UPSTREAM_REFUSED' })
    },
    { notApplicable: NGINX_PAGE },
  )

  check('a HEAD request gets the status and no body', async (bench) => {
    const { upstream, connect } = await bench.start()
    await upstream.refuse()
    const client = await connect()
    expect((await client.exchange('HEAD /items HTTP/1.1')).status).toBe(502)
    expect((await client.exchange('GET /items HTTP/1.1')).status).toBe(502)
  })

  check('an answer of 502, 503 or 504 by the upstream itself is passed on as it is', async (bench) => {
    const { connect } = await bench.start({
      script: (exchange) => exchange.answer(exchange.path.slice(1), ['X-Mine: 1'], 'mine'),
    })
    const client = await connect()
    for (const status of ['500', '502', '503', '504']) {
      const answer = await client.exchange(`GET /${status} HTTP/1.1`)
      expect([answer.status, answer.text]).toEqual([Number(status), 'mine'])
    }
  })

  check('the client’s connection survives a failed upstream', async (bench) => {
    const { upstream, connect } = await bench.start({
      script: (exchange) =>
        exchange.path === '/reset' ? exchange.socket.resetAndDestroy() : exchange.answer('200 OK', [], 'ok'),
    })
    const client = await connect()
    expect((await client.exchange('POST /reset HTTP/1.1', ['Content-Length: 0'])).status).toBe(502)
    expect((await client.exchange('GET /ok HTTP/1.1')).text).toBe('ok')
    expect(upstream.faults).toEqual([])
  })
})
