import { expect } from 'vitest'
import type { Bench } from './bench.ts'
import { describeRow } from './describe-row.ts'
import type { UpstreamExchange } from './tools/raw-upstream.ts'

const LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin'
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n'
const TO_THE_END = 'HTTP/1.1 200 OK\r\n\r\nbegin'

type Death = (exchange: UpstreamExchange) => void
const closes: Death = (exchange) => exchange.socket.destroy()
const resets: Death = (exchange) => exchange.socket.resetAndDestroy()

/** Begins an answer, lets the client see its first bytes, then kills the upstream; gives what the client got. */
async function breakWithin(bench: Bench, options: { begin: string; die: Death; version?: string }) {
  const stand = await bench.start({ script: (exchange) => exchange.write(options.begin) })
  const client = await stand.connect()
  const arrived = stand.upstream.next()
  client.send(`GET /file HTTP/${options.version ?? '1.1'}`)
  const exchange = await arrived
  const head = await client.readHead()
  if (head === undefined) throw new Error('no head')
  const deadline = performance.now() + 2_000
  while (!client.stream.pending.includes('begin') && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 5))
  options.die(exchange)
  const body = await client.readAnswerBody(head)
  return { stand, client, body, ending: () => client.waitForClose() }
}

describeRow('7', (check) => {
  const cases: [string, string, Death][] = [
    ['an answer with Content-Length whose upstream closes', LENGTH, closes],
    ['an answer with Content-Length whose upstream resets', LENGTH, resets],
    ['a chunked answer whose upstream closes', CHUNKED, closes],
    ['a chunked answer whose upstream resets', CHUNKED, resets],
    ['an answer without framing whose upstream resets', TO_THE_END, resets],
  ]
  for (const [what, begin, die] of cases) {
    check(
      `${what} breaks off at the client`,
      async (bench) => {
        const { body } = await breakWithin(bench, { begin, die })
        expect(body.bytes.toString()).toBe('begin')
        expect(body.complete).toBe(false)
      },
      { ...(begin === LENGTH ? {} : { caught: 'naive' as const }) },
    )
  }

  check(
    'a malformed chunk in the middle breaks the transfer off',
    async (bench) => {
      const { body } = await breakWithin(bench, {
        begin: CHUNKED,
        die: (exchange) => exchange.write('zz\r\nnot a chunk\r\n0\r\n\r\n'),
      })
      expect(body.complete).toBe(false)
    },
    { caught: 'naive' },
  )

  check(
    'an HTTP/1.0 client, which has no framing to miss, sees a reset',
    async (bench) => {
      const { ending } = await breakWithin(bench, { begin: CHUNKED, die: closes, version: '1.0' })
      expect(await ending()).toBe('reset')
    },
    { caught: 'naive' },
  )

  check('an answer without framing that ends with a clean close is whole', async (bench) => {
    const { connect } = await bench.start({
      script(exchange) {
        exchange.write(`${TO_THE_END} and end`)
        exchange.socket.end()
      },
    })
    const answer = await (await connect()).exchange('GET /file HTTP/1.1')
    expect([answer.text, answer.body.complete]).toEqual(['begin and end', true])
  })

  for (const [what, begin] of [
    ['with Content-Length', LENGTH],
    ['chunked', CHUNKED],
  ] as const) {
    check(
      `the side is charged with a failure (${what})`,
      async (bench) => {
        const { stand } = await breakWithin(bench, { begin, die: closes })
        await expect.poll(() => stand.proxy.outcomes?.map((outcome) => outcome.failed)).toEqual([true])
      },
      { notApplicable: { nginx: 'nginx’s own passive checks do not count broken bodies' } },
    )
  }

  check(
    'a client that goes away does not charge the side',
    async (bench) => {
      const stand = await bench.start({ script: (exchange) => exchange.write(LENGTH) })
      const client = await stand.connect()
      client.send('GET /file HTTP/1.1')
      await client.stream.takeThrough('begin')
      client.close()
      await expect.poll(() => stand.proxy.outcomes?.map((outcome) => outcome.failed)).toEqual([false])
    },
    { notApplicable: { nginx: 'nginx tells no outcomes' } },
  )
})
