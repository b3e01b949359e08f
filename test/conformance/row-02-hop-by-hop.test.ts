import { expect } from 'vitest'
import { describeRow } from './describe-row.ts'
import { valueFor, valuesOf } from './tools/http-message.ts'

describeRow('2', (check) => {
  check(
    'hop-by-hop request headers stop at the proxy',
    async (bench) => {
      const { upstream, connect } = await bench.start()
      const client = await connect()
      await client.exchange('GET /items HTTP/1.1', [
        'Keep-Alive: timeout=77',
        'Proxy-Connection: client-one',
        'Proxy-Authenticate: client-two',
        'TE: deflate',
      ])
      const { bytes } = upstream.only.head
      for (const value of ['timeout=77', 'client-one', 'client-two', 'deflate'])
        expect(bytes).not.toContain(value)
    },
    { caught: 'naive' },
  )

  check(
    'Proxy-Authorization, which is for this proxy, never reaches upstream',
    async (bench) => {
      const { upstream, connect } = await bench.start()
      await (await connect()).exchange('GET /items HTTP/1.1', ['Proxy-Authorization: Basic c2VjcmV0'])
      expect(upstream.only.head.bytes).not.toContain('c2VjcmV0')
    },
    { caught: 'naive' },
  )

  check(
    'request headers named in Connection stop at the proxy, however it is written',
    async (bench) => {
      const { upstream, connect } = await bench.start()
      await (await connect()).exchange('GET /items HTTP/1.1', [
        'Connection: keep-alive, X-First',
        'connection:x-SECOND ,\tx-third',
        'X-First: leak-one',
        'x-second: leak-two',
        'X-Third: leak-three',
        'X-Third: leak-four',
        'X-Stays: stays',
      ])
      const { bytes, headers } = upstream.only.head
      expect(bytes).not.toContain('leak-')
      expect(bytes).not.toMatch(/^connection:.*x-(first|second|third)/im)
      expect(valueFor(headers, 'x-stays')).toBe('stays')
    },
    { caught: 'naive' },
  )

  check(
    'a client cannot use Connection to remove what the proxy adds',
    async (bench) => {
      const { upstream, connect } = await bench.start()
      await (await connect()).exchange('GET /items HTTP/1.1', ['Connection: close, X-Forwarded-For'])
      expect(valueFor(upstream.only.head.headers, 'x-forwarded-for')).toBe('127.0.0.1')
    },
    { caught: 'naive' },
  )

  check('a client cannot use Connection to remove the framing of its body', async (bench) => {
    const { upstream, connect } = await bench.start()
    const client = await connect()
    const answer = await client.exchange(
      'POST /items HTTP/1.1',
      ['Connection: close, Content-Length, Transfer-Encoding', 'Content-Length: 27'],
      'GET /smuggled HTTP/1.1\r\nA: ',
    )
    if (answer.status === 400) expect(upstream.exchanges).toEqual([])
    else expect((await upstream.only.body()).bytes).toHaveLength(27)
    expect(upstream.faults).toEqual([])
  })

  check(
    'hop-by-hop answer headers, and those named in its Connection, stop at the proxy',
    async (bench) => {
      const { connect } = await bench.start({
        script: (exchange) =>
          exchange.answer(
            '200 OK',
            [
              'Connection: keep-alive, x-private',
              'Keep-Alive: timeout=77',
              'X-PRIVATE: leak-one',
              'Proxy-Connection: leak-two',
              'Proxy-Authentication-Info: stays-or-not',
              'X-Stays: stays',
            ],
            'ok',
          ),
      })
      const answer = await (await connect()).exchange('GET /items HTTP/1.1')
      expect(answer.bytes).not.toContain('leak-')
      expect(answer.bytes).not.toContain('timeout=77')
      expect(answer.bytes).not.toMatch(/^connection:.*x-private/im)
      expect(valueFor(answer.headers, 'x-stays')).toBe('stays')
      expect(answer.text).toBe('ok')
    },
    { caught: 'naive' },
  )

  check('an upstream that closes its connection does not close the client’s', async (bench) => {
    const { connect } = await bench.start({
      script: (exchange) => {
        exchange.answer('200 OK', ['Connection: close'], 'ok')
        exchange.socket.end()
      },
    })
    const client = await connect()
    const answer = await client.exchange('GET /one HTTP/1.1')
    expect(valuesOf(answer.headers, 'connection')).not.toContain('close')
    expect((await client.exchange('GET /two HTTP/1.1')).text).toBe('ok')
  })
})
