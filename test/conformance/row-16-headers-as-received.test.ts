import { expect } from 'vitest'
import { describeRow } from './describe-row.ts'
import type { RawHeaders } from './tools/http-message.ts'

const SENT: RawHeaders = [
  ['aCCept', 'text/html'],
  ['X-Dup', 'one'],
  ['Cookie', 'a=1'],
  ['x-dup', 'two'],
  ['X-CuStOm_under', 'kept'],
  ['Cookie', 'b=2'],
  ['X-Dup', 'three'],
  ['ACCEPT-language', 'de, en;q=0.5'],
  ['Authorization', 'Bearer abc'],
  ['X-Empty', ''],
  ['User-Agent', 'raw/1'],
]

const ANSWERED: RawHeaders = [
  ['eTaG', '"a"'],
  ['Set-Cookie', 'a=1; Path=/'],
  ['X-Dup', 'one'],
  ['set-cookie', 'b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT'],
  ['VARY', 'Accept'],
  ['x-dup', 'two'],
  ['WWW-Authenticate', 'Basic realm="a, b"'],
  ['WWW-Authenticate', 'Bearer'],
  ['Set-Cookie', 'c=3'],
  ['Link', '</a>; rel=next'],
  ['Link', '</b>; rel=prev'],
  ['Vary', 'Cookie'],
  ['X-Empty', ''],
  ['Date', 'Thu, 01 Jan 2026 00:00:00 GMT'],
  ['Server', 'monolith/1.0'],
]

/** Node reads 16 KiB unless it is told otherwise. */
const LARGE: [string, RawHeaders][] = [
  ['300 cookies', Array.from({ length: 300 }, (_, at) => ['Set-Cookie', `c${at}=${'v'.repeat(80)}; Path=/`])],
  ['60,000 bytes of one header', [['Content-Security-Policy-Report-Only', 'a'.repeat(60_000)]]],
]

const lines = (headers: RawHeaders) => headers.map(([name, value]) => `${name}: ${value}`)

/** Of the headers received, those whose names were sent. */
function onlyThose(received: RawHeaders, sent: RawHeaders): RawHeaders {
  const names = new Set(sent.map(([name]) => name.toLowerCase()))
  return received.filter(([name]) => names.has(name.toLowerCase()))
}

describeRow('16', (check) => {
  check(
    'a request’s header names, order, repetitions and values arrive upstream as they were sent',
    async (bench) => {
      const { upstream, connect } = await bench.start()
      await (await connect()).exchange('GET /items HTTP/1.1', lines(SENT))
      expect(onlyThose(upstream.only.head.headers, SENT)).toEqual(SENT)
    },
    { caught: 'naive' },
  )

  check(
    'so do those of a request with a body',
    async (bench) => {
      const { upstream, connect } = await bench.start()
      const sent: RawHeaders = [...SENT, ['content-TYPE', 'application/json; charset=utf-8']]
      await (await connect()).exchange('POST /items HTTP/1.1', [...lines(sent), 'Content-Length: 2'], '{}')
      expect(onlyThose(upstream.only.head.headers, sent)).toEqual(sent)
    },
    { caught: 'naive' },
  )

  check(
    'and those of a bodyless DELETE',
    async (bench) => {
      const { upstream, connect } = await bench.start()
      await (await connect()).exchange('DELETE /items/1 HTTP/1.1', [...lines(SENT), 'Content-Length: 0'])
      expect(onlyThose(upstream.only.head.headers, SENT)).toEqual(SENT)
    },
    { caught: 'naive' },
  )

  check(
    'an answer’s header names, order, repetitions and values reach the client as they were sent',
    async (bench) => {
      const { connect } = await bench.start({
        script: (exchange) => exchange.answer('200 OK', lines(ANSWERED), 'ok'),
      })
      const answer = await (await connect()).exchange('GET /items HTTP/1.1')
      expect(onlyThose(answer.headers, ANSWERED)).toEqual(ANSWERED)
    },
    { caught: 'naive' },
  )

  for (const [what, headers] of LARGE)
    check(
      `${what} reach the client as they were sent`,
      async (bench) => {
        const { connect } = await bench.start({
          script: (exchange) => exchange.answer('200 OK', lines(headers), 'ok'),
        })
        const answer = await (await connect()).exchange('GET /items HTTP/1.1')
        expect(answer.status).toBe(200)
        expect(onlyThose(answer.headers, headers)).toEqual(headers)
      },
      { notApplicable: { nginx: 'nginx buffers 4 or 8 KiB of headers unless it is told otherwise' } },
    )

  check('every Set-Cookie stays a line of its own', async (bench) => {
    const cookies: RawHeaders = Array.from({ length: 12 }, (_, at) => ['Set-Cookie', `c${at}=${at}; Path=/`])
    const { connect } = await bench.start({
      script: (exchange) => exchange.answer('200 OK', lines(cookies), 'ok'),
    })
    const answer = await (await connect()).exchange('GET /items HTTP/1.1')
    expect(onlyThose(answer.headers, cookies)).toEqual(cookies)
  })

  for (const [kind, value] of [
    ['latin1', 'caf\xe9 \xa7'],
    ['UTF-8', Buffer.from('café ☕').toString('latin1')],
  ] as const) {
    check(`${kind} bytes of a request’s header arrive as they were sent`, async (bench) => {
      const { upstream, connect } = await bench.start()
      const client = await connect()
      expect((await client.exchange('GET /items HTTP/1.1', [`X-Name: ${value}`])).status).toBe(200)
      expect(
        (await client.exchange('POST /items HTTP/1.1', [`X-Name: ${value}`, 'Content-Length: 1'], 'x'))
          .status,
      ).toBe(200)
      for (const { head } of upstream.exchanges)
        expect(onlyThose(head.headers, [['X-Name', '']])).toEqual([['X-Name', value]])
    })

    check(`${kind} bytes of an answer’s header arrive as they were sent`, async (bench) => {
      const { connect } = await bench.start({
        script: (exchange) => exchange.answer('200 OK', [`X-Name: ${value}`], 'ok'),
      })
      const answer = await (await connect()).exchange('GET /items HTTP/1.1')
      expect(onlyThose(answer.headers, [['X-Name', '']])).toEqual([['X-Name', value]])
    })
  }

  check('the client’s Host is what upstream sees', async (bench) => {
    const { upstream, connect } = await bench.start()
    await (await connect()).exchange('GET /items HTTP/1.1', ['Host: Shop.Example:8443'])
    expect(
      upstream.only.head.headers.filter(([name]) => name.toLowerCase() === 'host').map(([, value]) => value),
    ).toEqual(['Shop.Example:8443'])
  })

  check('header lines of 7 KiB arrive whole', async (bench) => {
    const { upstream, connect } = await bench.start()
    const long = 'v'.repeat(7_000)
    await (await connect()).exchange('GET /items HTTP/1.1', [`X-Long: ${long}`, `X-Longer: ${long}`])
    expect(upstream.only.head.headers.filter(([, value]) => value === long)).toHaveLength(2)
  })
})
