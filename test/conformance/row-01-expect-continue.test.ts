import { expect } from 'vitest'
import { describeRow } from './describe-row.ts'
import { valueFor, valuesOf } from './tools/http-message.ts'

describeRow('1', (check) => {
  check('the client gets 100 Continue before it has sent a byte of its body', async (bench) => {
    const { connect } = await bench.start()
    const client = await connect()
    client.send('POST /orders HTTP/1.1', ['Expect: 100-continue', 'Content-Length: 5'])
    expect((await client.readHead())?.status).toBe(100)
    client.write('hello')
    expect((await client.readAnswer()).status).toBe(200)
  })

  check('the request arrives upstream with its body, without Expect', async (bench) => {
    const { upstream, connect } = await bench.start()
    const client = await connect()
    client.send('POST /orders HTTP/1.1', ['eXpect: 100-Continue', 'Content-Length: 5', 'X-Mine: 1'])
    await client.readHead()
    client.write('hello')
    await client.readAnswer()
    const { headers } = upstream.only.head
    expect(valuesOf(headers, 'expect')).toEqual([])
    expect(valueFor(headers, 'x-mine')).toBe('1')
    expect((await upstream.only.body()).bytes.toString()).toBe('hello')
  })

  check(
    'the headers that the proxy adds arrive although the client expects a 100',
    async (bench) => {
      const { upstream, connect } = await bench.start()
      const plain = await connect()
      await plain.exchange('POST /orders HTTP/1.1', ['Content-Length: 5'], 'hello')
      const expecting = await connect()
      expecting.send('POST /orders HTTP/1.1', ['Expect: 100-continue', 'Content-Length: 5'])
      await expecting.readHead()
      expecting.write('hello')
      await expecting.readAnswer()
      const [without, withExpect] = upstream.exchanges.map(({ head }) =>
        head.headers.map(([name]) => name.toLowerCase()).sort(),
      )
      expect(without).toContain('x-forwarded-for')
      expect(withExpect).toEqual(without)
    },
    { caught: 'naive' },
  )

  check('a chunked body behind a 100 Continue keeps its framing', async (bench) => {
    const { upstream, connect } = await bench.start()
    const client = await connect()
    client.send('POST /orders HTTP/1.1', ['Expect: 100-continue', 'Transfer-Encoding: chunked'])
    expect((await client.readHead())?.status).toBe(100)
    client.write('5\r\nhello\r\n0\r\n\r\n')
    expect((await client.readAnswer()).status).toBe(200)
    const body = await upstream.only.body()
    expect([body.framing, body.bytes.toString()]).toEqual(['chunked', 'hello'])
  })

  check('a client that does not wait for the 100 is served too', async (bench) => {
    const { connect } = await bench.start()
    const client = await connect()
    client.send('POST /orders HTTP/1.1', ['Expect: 100-continue', 'Content-Length: 5'], 'hello')
    expect((await client.readAnswer()).status).toBe(200)
    expect((await client.exchange('GET /next HTTP/1.1')).status).toBe(200)
  })

  check('a bodyless POST that expects a 100 gets its answer', async (bench) => {
    const { connect } = await bench.start()
    const client = await connect()
    client.send('POST /orders HTTP/1.1', ['Expect: 100-continue', 'Content-Length: 0'])
    expect((await client.readAnswer()).status).toBe(200)
  })
})
