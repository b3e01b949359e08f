import { expect } from 'vitest'
import { describeRow } from './describe-row.ts'

// Through an endpoint of a capability a path that can be read in two ways is refused on purpose.
const AMBIGUOUS_PATHS = {
  'http-proxy-middleware': 'serves endpoints of a capability only, where such paths are refused',
}

const UTF_8 = Buffer.from('Très bien').toString('latin1')

describeRow('17a', (check) => {
  for (const method of ['M-SEARCH', 'PROPFIND', 'REPORT', 'PURGE', 'MKCOL', 'LOCK', 'QUERY']) {
    check(`${method} passes`, async (bench) => {
      const { upstream, connect } = await bench.start()
      expect((await (await connect()).exchange(`${method} /items HTTP/1.1`)).status).toBe(200)
      expect(upstream.only.method).toBe(method)
    })
  }

  check('PROPFIND passes with a body', async (bench) => {
    const { upstream, connect } = await bench.start()
    await (await connect()).exchange('PROPFIND /items HTTP/1.1', ['Depth: 1', 'Content-Length: 6'], '<find>')
    expect((await upstream.only.body()).bytes.toString()).toBe('<find>')
  })

  for (const status of ['999', '599', '299', '418', '600']) {
    check(`status ${status} passes`, async (bench) => {
      const { connect } = await bench.start({
        script: (exchange) => exchange.answer(`${status} Odd`, [], 'odd'),
      })
      const answer = await (await connect()).exchange('GET /items HTTP/1.1')
      expect([answer.startLine, answer.text]).toEqual([`HTTP/1.1 ${status} Odd`, 'odd'])
    })
  }

  for (const reason of ['Alles in Ordnung', 'not ok at all', '', UTF_8]) {
    check(
      `the reason phrase ${JSON.stringify(reason)} passes`,
      async (bench) => {
        const { connect } = await bench.start({
          script: (exchange) => exchange.answer(`200 ${reason}`, [], 'ok'),
        })
        const client = await connect()
        const answer = await client.exchange('GET /items HTTP/1.1')
        expect(answer.reason).toBe(reason)
        const deleted = await client.exchange('DELETE /items HTTP/1.1', ['Content-Length: 0'])
        expect(deleted.reason).toBe(reason)
      },
      { ...(reason === 'not ok at all' ? { caught: 'naive' as const } : {}) },
    )
  }

  check('a reason phrase that is neither ASCII nor UTF-8 does not fail the answer', async (bench) => {
    const { connect } = await bench.start({
      script: (exchange) => exchange.answer('200 Tr\xe8s bien', [], 'ok'),
    })
    const answer = await (await connect()).exchange('GET /items HTTP/1.1')
    expect([answer.status, answer.text]).toEqual([200, 'ok'])
  })

  const plainPaths = [
    '/items/%7Euser/%c3%A9',
    '/items/caf%E9',
    '/items?q=%7e&empty=&&x',
    '/items?',
    '/items/a%20b+c',
    "/items/;v=1,2'(x)*!$&@:",
    '/items/[0]{1}|2^3`4"<5>',
    '/items/?next=http://other.test/../x//y#'.slice(0, -1),
    '/items/trailing/',
    '/ITEMS/Mixed',
  ]
  for (const path of plainPaths) {
    check(`the path ${path} arrives byte for byte`, async (bench) => {
      const { upstream, connect } = await bench.start()
      expect((await (await connect()).exchange(`GET ${path} HTTP/1.1`)).status).toBe(200)
      expect(upstream.only.path).toBe(path)
    })
  }

  for (const path of ['//items///x', '/items/./a/../b', '/items/a%2Fb%5c', '/items/%2e%2e/x', '/items\\x']) {
    check(
      `where no capability is concerned, ${path} arrives byte for byte`,
      async (bench) => {
        const { upstream, connect } = await bench.start({ withoutCapability: true })
        expect((await (await connect()).exchange(`GET ${path} HTTP/1.1`)).status).toBe(200)
        expect(upstream.only.path).toBe(path)
      },
      { notApplicable: AMBIGUOUS_PATHS },
    )
  }

  check('a path of 6,000 bytes passes', async (bench) => {
    const { upstream, connect } = await bench.start()
    const path = `/items/${'p'.repeat(6_000)}`
    await (await connect()).exchange(`GET ${path} HTTP/1.1`)
    expect(upstream.only.path).toBe(path)
  })
})
