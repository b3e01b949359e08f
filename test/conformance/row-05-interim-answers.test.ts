import { expect } from 'vitest'
import { describeRow } from './describe-row.ts'
import { valueFor } from './tools/http-message.ts'

describeRow('5', (check) => {
  check(
    '102 and 103 reach the client in order, before the final answer',
    async (bench) => {
      const { connect } = await bench.start({
        script(exchange) {
          exchange.write('HTTP/1.1 102 Processing\r\n\r\n')
          exchange.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n')
          exchange.write('HTTP/1.1 103 Early Hints\r\nLink: </b.js>; rel=preload\r\n\r\n')
          exchange.answer('200 OK', [], 'ok')
        },
      })
      const answer = await (await connect()).exchange('GET /page HTTP/1.1')
      expect(answer.interim.map((head) => head.status)).toEqual([102, 103, 103])
      const links = answer.interim.map((head) => valueFor(head.headers, 'link'))
      expect(links).toEqual([undefined, '</a.css>; rel=preload', '</b.js>; rel=preload'])
      expect([answer.status, answer.text]).toEqual([200, 'ok'])
    },
    { caught: 'naive' },
  )

  check(
    'early hints are not kept until the final answer comes',
    async (bench) => {
      const { upstream, connect } = await bench.start({
        script: (exchange) => exchange.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n'),
      })
      const client = await connect()
      const arrived = upstream.next()
      client.send('GET /page HTTP/1.1')
      expect((await client.readHead())?.status).toBe(103)
      ;(await arrived).answer('200 OK', [], 'ok')
      expect((await client.readAnswer()).status).toBe(200)
    },
    { caught: 'naive' },
  )

  check(
    'several Link lines of one 103 stay several, in order',
    async (bench) => {
      const { connect } = await bench.start({
        script(exchange) {
          exchange.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nlink: </b.js>\r\n\r\n')
          exchange.answer('200 OK', [], 'ok')
        },
      })
      const answer = await (await connect()).exchange('GET /page HTTP/1.1')
      expect(answer.interim[0]?.headers).toEqual([
        ['Link', '</a.css>'],
        ['link', '</b.js>'],
      ])
    },
    { caught: 'naive' },
  )

  check('interim answers do not disturb the next request on the connection', async (bench) => {
    const { connect } = await bench.start({
      script(exchange) {
        exchange.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n')
        exchange.answer('200 OK', [], exchange.path)
      },
    })
    const client = await connect()
    expect((await client.exchange('GET /one HTTP/1.1')).text).toBe('/one')
    expect((await client.exchange('GET /two HTTP/1.1')).text).toBe('/two')
  })

  check('an HTTP/1.0 client, which knows no interim answers, gets none', async (bench) => {
    const { connect } = await bench.start({
      script(exchange) {
        exchange.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n')
        exchange.answer('200 OK', [], 'ok')
      },
    })
    const answer = await (await connect()).exchange('GET /page HTTP/1.0')
    expect(answer.interim).toEqual([])
    expect(answer.text).toBe('ok')
  })
})
