import { expect } from 'vitest'
import type { Bench } from './bench.ts'
import { describeRow } from './describe-row.ts'
import { AMBIGUOUS_BODIES, AMBIGUOUS_HEADS } from './tools/ambiguous-requests.ts'
import { valueFor } from './tools/http-message.ts'

// The body is the same either way, but which framing nginx gives it depends on how much of it has arrived.
const REFRAMED = { nginx: 'nginx sends a chunked body that it has whole with Content-Length' }
const BEHIND = 'GET /smuggled HTTP/1.1\r\nHost: shop.test\r\n\r\n'

/** The proxy must answer 400, close, and let upstream see no complete request of it, nor what stood behind it. */
async function expectRefused(bench: Bench, bytes: string): Promise<void> {
  const { upstream, connect } = await bench.start()
  const client = await connect()
  client.write(`${bytes}${BEHIND}`)
  const answer = await client.readAnswer()
  // RFC 9112 §6.1 lets an unknown transfer coding be answered with 501.
  expect([400, 501]).toContain(answer.status)
  await client.waitForClose()
  expect(client.stream.pending.toString('latin1'), 'something was answered after the 400').toBe('')
  expect(upstream.exchanges.map((exchange) => exchange.path)).not.toContain('/smuggled')
  for (const exchange of upstream.exchanges) expect((await exchange.body()).complete).toBe(false)
}

/** Sends a request whose body looks like another request; upstream must see one request with exactly that body. */
async function expectFramingKept(bench: Bench, method: string, framing: 'length' | 'chunked'): Promise<void> {
  const { upstream, connect } = await bench.start()
  const client = await connect()
  const chunked = `${BEHIND.length.toString(16)}\r\n${BEHIND}\r\n0\r\n\r\n`
  const answer =
    framing === 'length'
      ? await client.exchange(`${method} /items HTTP/1.1`, [`Content-Length: ${BEHIND.length}`], BEHIND)
      : await client.exchange(`${method} /items HTTP/1.1`, ['Transfer-Encoding: chunked'], chunked)
  expect(answer.status).toBe(200)
  const body = await upstream.only.body()
  expect([body.framing, body.bytes.toString()]).toEqual([framing, BEHIND])
  expect((await client.exchange('GET /next HTTP/1.1')).status).toBe(200)
  expect(upstream.exchanges.map((exchange) => exchange.path)).toEqual(['/items', '/next'])
  expect(upstream.faults).toEqual([])
}

describeRow('14', (check) => {
  for (const method of ['DELETE', 'OPTIONS', 'GET', 'POST', 'PATCH']) {
    for (const framing of ['chunked', 'length'] as const) {
      check(
        `the body of a ${method} framed by ${framing} stays its body (CVE-2026-29057)`,
        (bench) => expectFramingKept(bench, method, framing),
        framing === 'chunked' ? { notApplicable: REFRAMED } : {},
      )
    }
  }

  for (const [what, head] of Object.entries(AMBIGUOUS_HEADS)) {
    check(
      `${what} gets 400 and the connection is closed`,
      (bench) =>
        expectRefused(
          bench,
          `POST /items HTTP/1.1\r\nHost: shop.test\r\n${head}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
        ),
      { ...(what.startsWith('Content-Length and Transfer') ? { caught: 'naive' as const } : {}) },
    )
  }

  for (const [what, body] of Object.entries(AMBIGUOUS_BODIES)) {
    check(`a chunked body with ${what} is never completed upstream`, async (bench) => {
      const { upstream, connect } = await bench.start()
      const client = await connect()
      client.write(
        `POST /items HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n${body}${BEHIND}`,
      )
      await client.waitForClose()
      const [first = ''] = client.stream.pending.toString('latin1').split('\r\n')
      expect(first).toMatch(/^$|^HTTP\/1\.1 400 /)
      expect(upstream.exchanges.map((exchange) => exchange.path)).not.toContain('/smuggled')
      for (const exchange of upstream.exchanges) expect((await exchange.body()).complete).toBe(false)
    })
  }

  check('a chunk extension changes nothing about the framing', async (bench) => {
    const { upstream, connect } = await bench.start()
    const client = await connect()
    client.send('POST /items HTTP/1.1', ['Transfer-Encoding: chunked'], '5;name=value\r\nhello\r\n0\r\n\r\n')
    const answer = await client.readAnswer()
    if (answer.status === 400) return
    expect((await upstream.only.body()).bytes.toString()).toBe('hello')
    expect((await client.exchange('GET /next HTTP/1.1')).status).toBe(200)
  })

  check('a framing header among the trailers does not count', async (bench) => {
    const { upstream, connect } = await bench.start()
    const client = await connect()
    const body = '5\r\nhello\r\n0\r\nContent-Length: 43\r\nTransfer-Encoding: identity\r\n\r\n'
    client.write(`POST /items HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n${body}`)
    const answer = await client.readAnswer()
    if (answer.status === 400) return
    const received = await upstream.only.body()
    expect([received.bytes.toString(), received.complete]).toEqual(['hello', true])
    expect(received.trailers).toEqual([])
  })

  check('pipelined requests stay separate and are answered in order', async (bench) => {
    const { connect, upstream } = await bench.start({
      async script(exchange) {
        await exchange.body()
        exchange.answer('200 OK', [], exchange.path)
      },
    })
    const client = await connect()
    client.send('POST /one HTTP/1.1', ['Content-Length: 5'], 'hello')
    client.send('GET /two HTTP/1.1')
    client.send('DELETE /three HTTP/1.1', ['Transfer-Encoding: chunked'], '5\r\nworld\r\n0\r\n\r\n')
    const texts = []
    for (let count = 0; count < 3; count++) texts.push((await client.readAnswer()).text)
    expect(texts).toEqual(['/one', '/two', '/three'])
    expect(upstream.faults).toEqual([])
  })

  const ambiguousAnswers: [string, string][] = [
    [
      'Content-Length and Transfer-Encoding',
      'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    ],
    ['two different Content-Lengths', 'Content-Length: 5\r\nContent-Length: 9\r\n\r\nhelloworld'],
    ['a Content-Length with a plus sign', 'Content-Length: +5\r\n\r\nhello'],
    ['a space before the colon', 'Content-Length : 5\r\n\r\nhello'],
  ]
  for (const [what, rest] of ambiguousAnswers) {
    check(`an answer with ${what} is 502, or reaches the client with one framing`, async (bench) => {
      const { connect } = await bench.start({
        script: (exchange) => exchange.write(`HTTP/1.1 200 OK\r\n${rest}`),
      })
      const answer = await (await connect()).exchange('GET /items HTTP/1.1')
      const framings = [
        valueFor(answer.headers, 'content-length'),
        valueFor(answer.headers, 'transfer-encoding'),
      ]
      expect(framings.filter((framing) => framing !== undefined)).toHaveLength(1)
      if (answer.status !== 502) expect(answer.text).toBe('hello')
    })
  }

  check('bytes behind an answer’s end never become another client’s answer', async (bench) => {
    const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'
    const { connect } = await bench.start({
      async script(exchange) {
        await exchange.body()
        const own = exchange.path.slice(1)
        exchange.write(
          `HTTP/1.1 200 OK\r\nContent-Length: ${own.length}\r\n\r\n${own}${own === 'one' ? poison : ''}`,
        )
      },
    })
    expect((await (await connect()).exchange('GET /one HTTP/1.1')).text).toBe('one')
    const next = await (await connect()).exchange('GET /two HTTP/1.1')
    expect(next.text).not.toContain('poison')
  })
})
