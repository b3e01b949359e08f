import { expect } from 'vitest'
import { describeRow } from './describe-row.ts'
import { startDeafListener } from './tools/deaf-listener.ts'
import { problemOf } from './tools/raw-client.ts'

const STATUS_ONLY = { nginx: 'nginx answers with an HTML page of its own' }
const NO_TOTAL = { nginx: 'nginx has no deadline for a whole exchange' }
const elapsedSince = (since: number) => performance.now() - since

describeRow('10', (check) => {
  check('an upstream that does not accept the connection is 504 after connectMs', async (bench) => {
    const deaf = await startDeafListener()
    bench.onStop(() => deaf.stop())
    const client = await bench.connect(await bench.proxy(deaf, { deadlines: { connectMs: 300 } }))
    const since = performance.now()
    expect((await client.exchange('GET /items HTTP/1.1')).status).toBe(504)
    expect(elapsedSince(since)).toBeGreaterThan(250)
    expect(elapsedSince(since)).toBeLessThan(1_900)
  })

  check(
    'the connect deadline has its own code',
    async (bench) => {
      const deaf = await startDeafListener()
      bench.onStop(() => deaf.stop())
      const client = await bench.connect(await bench.proxy(deaf, { deadlines: { connectMs: 300 } }))
      const problem = problemOf(await client.exchange('POST /items HTTP/1.1', ['Content-Length: 2'], 'hi'))
      expect(problem['code']).toBe('STRANGLER_UPSTREAM_CONNECT_TIMEOUT')
    },
    { notApplicable: STATUS_ONLY },
  )

  check(
    'an upstream that accepts and says nothing is 504 after headersMs',
    async (bench) => {
      const { connect } = await bench.start({ script: () => undefined, deadlines: { headersMs: 300 } })
      const client = await connect()
      const since = performance.now()
      expect((await client.exchange('GET /items HTTP/1.1')).status).toBe(504)
      expect(elapsedSince(since)).toBeGreaterThan(250)
      expect(elapsedSince(since)).toBeLessThan(10_000)
    },
    { caught: 'naive' },
  )

  check(
    'the header deadline has its own code',
    async (bench) => {
      const { connect } = await bench.start({ script: () => undefined, deadlines: { headersMs: 200 } })
      const problem = problemOf(await (await connect()).exchange('GET /items HTTP/1.1'))
      expect(problem['code']).toBe('STRANGLER_UPSTREAM_HEADERS_TIMEOUT')
    },
    { notApplicable: STATUS_ONLY },
  )

  check(
    'an upstream that begins a head and does not finish it runs into the header deadline',
    async (bench) => {
      const { connect } = await bench.start({
        script: (exchange) => exchange.write('HTTP/1.1 200 OK\r\nX-Half'),
        deadlines: { headersMs: 200 },
      })
      expect((await (await connect()).exchange('GET /items HTTP/1.1')).status).toBe(504)
    },
  )

  check(
    'the total deadline before an answer is 504 with its own code',
    async (bench) => {
      const { connect } = await bench.start({
        script: () => undefined,
        deadlines: { headersMs: 10_000, totalMs: 300 },
      })
      const problem = problemOf(await (await connect()).exchange('GET /items HTTP/1.1'))
      expect(problem).toMatchObject({ status: 504, code: 'STRANGLER_UPSTREAM_TOTAL_TIMEOUT' })
    },
    { notApplicable: NO_TOTAL },
  )

  check(
    'the total deadline within an answer breaks the transfer off',
    async (bench) => {
      const { proxy, connect } = await bench.start({
        script: (exchange) => exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin'),
        deadlines: { totalMs: 300 },
      })
      const since = performance.now()
      const answer = await (await connect()).exchange('GET /items HTTP/1.1')
      expect([answer.status, answer.body.complete]).toEqual([200, false])
      expect(elapsedSince(since)).toBeLessThan(10_000)
      await expect.poll(() => proxy.outcomes?.at(-1)?.code).toBe('STRANGLER_UPSTREAM_TOTAL_TIMEOUT')
    },
    { caught: 'naive', notApplicable: NO_TOTAL },
  )

  check('a deadline that is met is not felt', async (bench) => {
    const { connect } = await bench.start({
      script(exchange) {
        setTimeout(() => exchange.answer('200 OK', [], 'late'), 150)
      },
      deadlines: { connectMs: 1_500, headersMs: 3_000, totalMs: 5_000 },
    })
    const client = await connect()
    for (let round = 0; round < 3; round++)
      expect((await client.exchange('GET /a HTTP/1.1')).text).toBe('late')
  })

  check('a slow upload does not run into the header deadline, which begins at its end', async (bench) => {
    const { connect } = await bench.start({ deadlines: { headersMs: 700 } })
    const client = await connect()
    client.send('POST /items HTTP/1.1', ['Content-Length: 10'])
    for (let sent = 0; sent < 10; sent++) {
      client.write('x')
      await new Promise((resolve) => setTimeout(resolve, 90))
    }
    expect((await client.readAnswer()).status).toBe(200)
  })

  check(
    'an event stream lives longer than the total deadline',
    async (bench) => {
      const { upstream, connect } = await bench.start({
        script: (exchange) =>
          exchange.answer(
            '200 OK',
            ['Content-Type: text/event-stream', 'Transfer-Encoding: chunked'],
            '3\r\n:hi\r\n',
          ),
        // Long enough for a busy machine to answer within it.
        deadlines: { headersMs: 1_500, totalMs: 1_500 },
      })
      const client = await connect()
      client.send('GET /events HTTP/1.1')
      await client.stream.takeThrough(':hi')
      await new Promise((resolve) => setTimeout(resolve, 1_800))
      upstream.only.write('5\r\n:late\r\n0\r\n\r\n')
      expect((await client.stream.takeThrough(':late'))?.toString()).toContain(':late')
    },
    {
      notApplicable: {
        nginx: 'nginx has no deadline for a whole exchange, and its read timeout ends silent streams',
      },
    },
  )

  check('the hung upstream request is given up, not left behind', async (bench) => {
    const { upstream, connect } = await bench.start({
      script: () => undefined,
      deadlines: { headersMs: 200 },
    })
    await (await connect()).exchange('GET /items HTTP/1.1')
    await expect.poll(() => upstream.open.size).toBe(0)
  })
})
