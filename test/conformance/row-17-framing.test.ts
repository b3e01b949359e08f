import { expect } from 'vitest'
import { describeRow } from './describe-row.ts'
import { valueFor, valuesOf } from './tools/http-message.ts'
import { waitUntil } from './tools/wait-until.ts'

describeRow('17', (check) => {
  check('a HEAD answer keeps its Content-Length and has no body', async (bench) => {
    const { connect } = await bench.start({
      script: (exchange) =>
        exchange.method === 'HEAD'
          ? exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n')
          : exchange.answer('200 OK', [], 'next'),
    })
    const client = await connect()
    const answer = await client.exchange('HEAD /file HTTP/1.1')
    expect(valueFor(answer.headers, 'content-length')).toBe('1234')
    expect((await client.exchange('GET /next HTTP/1.1')).text).toBe('next')
  })

  check('a HEAD answer without Content-Length does not keep the client waiting', async (bench) => {
    const { connect } = await bench.start({
      script: (exchange) =>
        exchange.method === 'HEAD'
          ? exchange.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
          : exchange.answer('200 OK', [], 'next'),
    })
    const client = await connect()
    expect((await client.exchange('HEAD /file HTTP/1.1')).status).toBe(200)
    expect((await client.exchange('GET /next HTTP/1.1')).text).toBe('next')
  })

  check('a 204 has no body and no framing', async (bench) => {
    const { connect } = await bench.start({
      script: (exchange) =>
        exchange.path === '/none'
          ? exchange.write('HTTP/1.1 204 No Content\r\nX-Mine: 1\r\n\r\n')
          : exchange.answer('200 OK', [], 'next'),
    })
    const client = await connect()
    const answer = await client.exchange('GET /none HTTP/1.1')
    expect(answer.status).toBe(204)
    expect(valuesOf(answer.headers, 'transfer-encoding')).toEqual([])
    expect(valuesOf(answer.headers, 'content-length')).toEqual([])
    expect((await client.exchange('GET /next HTTP/1.1')).text).toBe('next')
  })

  check('a 304 keeps the Content-Length of the whole and has no body', async (bench) => {
    const { connect } = await bench.start({
      script: (exchange) =>
        exchange.path === '/same'
          ? exchange.write('HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 1234\r\n\r\n')
          : exchange.answer('200 OK', [], 'next'),
    })
    const client = await connect()
    const answer = await client.exchange('GET /same HTTP/1.1', ['If-None-Match: "a"'])
    expect([answer.status, valueFor(answer.headers, 'content-length')]).toEqual([304, '1234'])
    expect((await client.exchange('GET /next HTTP/1.1')).text).toBe('next')
  })

  check('an HTTP/1.0 client gets a chunked answer whole, without chunks, up to the close', async (bench) => {
    const { connect } = await bench.start({
      script: (exchange) =>
        exchange.answer('200 OK', ['Transfer-Encoding: chunked'], '5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n'),
    })
    const client = await connect()
    const answer = await client.exchange('GET /file HTTP/1.0')
    expect(valuesOf(answer.headers, 'transfer-encoding')).toEqual([])
    expect([answer.text, answer.body.complete]).toEqual(['hello world', true])
    await client.waitForClose()
  })

  check('an HTTP/1.0 client gets an answer with Content-Length as it is', async (bench) => {
    const { upstream, connect } = await bench.start()
    const client = await connect()
    const answer = await client.exchange('GET /file HTTP/1.0')
    expect([valueFor(answer.headers, 'content-length'), answer.text]).toEqual(['2', 'ok'])
    expect(upstream.only.head.startLine).toBe('GET /file HTTP/1.1')
  })

  check('Content-Length and chunked stay what they were on the way to the client', async (bench) => {
    const { connect } = await bench.start({
      script: (exchange) =>
        exchange.path === '/chunked'
          ? exchange.answer('200 OK', ['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n')
          : exchange.answer('200 OK', [], 'hello'),
    })
    const client = await connect()
    expect((await client.exchange('GET /chunked HTTP/1.1')).body.framing).toBe('chunked')
    const answer = await client.exchange('GET /length HTTP/1.1')
    expect([answer.body.framing, valueFor(answer.headers, 'content-length')]).toEqual(['length', '5'])
  })

  check('an empty answer keeps its Content-Length: 0', async (bench) => {
    const { connect } = await bench.start({ script: (exchange) => exchange.answer('200 OK') })
    const answer = await (await connect()).exchange('GET /empty HTTP/1.1')
    expect(valueFor(answer.headers, 'content-length')).toBe('0')
  })

  check('an early 413 reaches a client that is still uploading', async (bench) => {
    const { connect } = await bench.start({
      script(exchange) {
        exchange.answer('413 Content Too Large', ['Connection: close'], 'too large')
      },
    })
    const client = await connect()
    client.send('POST /upload HTTP/1.1', ['Content-Length: 50000000'], Buffer.alloc(100_000))
    const answer = await client.readAnswer()
    expect([answer.status, answer.text]).toEqual([413, 'too large'])
  })

  check('an early 413 whose upstream then closes reaches a client that pours on', async (bench) => {
    const { connect } = await bench.start({
      script(exchange) {
        exchange.answer('413 Content Too Large', ['Connection: close'], 'too large')
        setTimeout(() => exchange.socket.destroy(), 20)
      },
    })
    const client = await connect()
    client.socket.on('error', () => undefined)
    client.send('POST /upload HTTP/1.1', ['Content-Length: 50000000'])
    const timer = setInterval(() => client.socket.writable && client.write(Buffer.alloc(20_000)), 2)
    bench.onStop(() => clearInterval(timer))
    const answer = await client.readAnswer()
    expect([answer.status, answer.text]).toEqual([413, 'too large'])
  })

  check(
    'what is left of an upload after its early answer is never taken for the next request',
    async (bench) => {
      const { upstream, connect } = await bench.start({
        script(exchange) {
          if (exchange.method === 'POST') exchange.answer('413 Content Too Large', [], 'too large')
          else exchange.answer('200 OK', [], 'ok')
        },
      })
      const client = await connect()
      const rest = 'GET /smuggled HTTP/1.1\r\nHost: shop.test\r\n\r\n'
      client.send('POST /upload HTTP/1.1', [`Content-Length: ${rest.length + 5}`], 'begin')
      expect((await client.readAnswer()).status).toBe(413)
      client.write(rest)
      await (await connect()).exchange('GET /next HTTP/1.1')
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(upstream.exchanges.map((exchange) => exchange.path)).not.toContain('/smuggled')
    },
  )

  for (const method of ['POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS']) {
    check(`Content-Length: 0 of a bodyless ${method} survives`, async (bench) => {
      const { upstream, connect } = await bench.start()
      const client = await connect()
      expect((await client.exchange(`${method} /items HTTP/1.1`, ['Content-Length: 0'])).status).toBe(200)
      expect(valuesOf(upstream.only.head.headers, 'content-length')).toEqual(['0'])
      expect(valuesOf(upstream.only.head.headers, 'transfer-encoding')).toEqual([])
    })
  }

  check('a GET without a body gets no framing header on the way', async (bench) => {
    const { upstream, connect } = await bench.start()
    await (await connect()).exchange('GET /items HTTP/1.1')
    expect(upstream.only.head.bytes).not.toMatch(/^(content-length|transfer-encoding):/im)
  })

  check(
    'a chunked upload arrives while it is being sent',
    async (bench) => {
      let seen = false
      const { connect } = await bench.start({
        async script(exchange) {
          // Before anything is read: what is read is no longer pending.
          await waitUntil(() => exchange.stream.pending.includes('hello'), 'the first chunk is there')
          seen = true
          await exchange.body()
          exchange.answer('200 OK')
        },
      })
      const client = await connect()
      client.send('POST /items HTTP/1.1', ['Transfer-Encoding: chunked'], '5\r\nhello\r\n')
      await waitUntil(() => seen, 'the first chunk arrives upstream')
      client.write('0\r\n\r\n')
      expect((await client.readAnswer()).status).toBe(200)
    },
    { caught: 'buffering' },
  )
})
