import { expect } from 'vitest'
import { describeRow } from './describe-row.ts'
import { type RawHead, type RawHeaders, valuesOf } from './tools/http-message.ts'
import type { UpstreamScript } from './tools/raw-upstream.ts'

const CHUNKED_WITH_TRAILER = '5\r\nhello\r\n0\r\nX-Checksum: 4242\r\n\r\n'
const answerWithTrailer: UpstreamScript = (exchange) =>
  exchange.answer('200 OK', ['Trailer: X-Checksum', 'Transfer-Encoding: chunked'], CHUNKED_WITH_TRAILER)

/** Every announced trailer must have come. */
function expectPromiseKept(head: RawHead, trailers: RawHeaders): void {
  const announced = valuesOf(head.headers, 'trailer').flatMap((value) =>
    value.split(',').map((name) => name.trim()),
  )
  const arrived = trailers.map(([name]) => name.toLowerCase())
  for (const name of announced) expect(arrived, `announced ${name}`).toContain(name.toLowerCase())
}

describeRow('4', (check) => {
  check(
    'an answer’s trailers are forwarded or not announced',
    async (bench) => {
      const { connect } = await bench.start({ script: answerWithTrailer })
      const answer = await (await connect()).exchange('GET /file HTTP/1.1', [
        'TE: trailers',
        'Connection: TE',
      ])
      expect([answer.text, answer.body.complete]).toEqual(['hello', true])
      expectPromiseKept(answer, answer.body.trailers)
    },
    { caught: 'naive' },
  )

  check('an answer’s trailer that is forwarded is not altered', async (bench) => {
    const { connect } = await bench.start({ script: answerWithTrailer })
    const answer = await (await connect()).exchange('GET /file HTTP/1.1', ['TE: trailers', 'Connection: TE'])
    expect([[], [['X-Checksum', '4242']]]).toContainEqual(answer.body.trailers)
  })

  check(
    'a request’s trailers are forwarded or not announced',
    async (bench) => {
      const { upstream, connect } = await bench.start()
      const client = await connect()
      await client.exchange(
        'POST /file HTTP/1.1',
        ['Trailer: X-Checksum', 'Transfer-Encoding: chunked'],
        CHUNKED_WITH_TRAILER,
      )
      const body = await upstream.only.body()
      expect(body.bytes.toString()).toBe('hello')
      expectPromiseKept(upstream.only.head, body.trailers)
    },
    { caught: 'naive' },
  )

  check(
    'to an HTTP/1.0 client, which knows no trailers, none is announced',
    async (bench) => {
      const { connect } = await bench.start({ script: answerWithTrailer })
      const answer = await (await connect()).exchange('GET /file HTTP/1.0')
      expect(answer.text).toBe('hello')
      expect(valuesOf(answer.headers, 'trailer')).toEqual([])
    },
    { caught: 'naive' },
  )

  check('trailers never become headers of the answer or of the request', async (bench) => {
    const { upstream, connect } = await bench.start({
      async script(exchange) {
        await exchange.body()
        await answerWithTrailer(exchange)
      },
    })
    const answer = await (await connect()).exchange(
      'POST /file HTTP/1.1',
      ['Trailer: X-Checksum', 'Transfer-Encoding: chunked'],
      CHUNKED_WITH_TRAILER,
    )
    expect(valuesOf(answer.headers, 'x-checksum')).toEqual([])
    expect(valuesOf(upstream.only.head.headers, 'x-checksum')).toEqual([])
  })
})
