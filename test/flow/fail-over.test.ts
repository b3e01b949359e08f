import { describe, expect, it } from 'vitest'
import { startDeafListener } from '../conformance/tools/deaf-listener.ts'
import { valueFor } from '../conformance/tools/http-message.ts'
import { problemOf } from '../conformance/tools/raw-client.ts'
import type { RawUpstream, UpstreamExchange, UpstreamScript } from '../conformance/tools/raw-upstream.ts'
import { answerAs, type ProxyStand, type StandOptions, setRoute, startStand } from './proxy-stand.ts'

const READ = 'GET /items/:id'
const WRITE = 'POST /items'
const reset: UpstreamScript = (exchange) => exchange.socket.resetAndDestroy()
const hang: UpstreamScript = () => new Promise(() => undefined)

/** The service reads, the monolith owns: the one case with a lawful other way. */
async function startReading(options: StandOptions = {}): Promise<ProxyStand> {
  const stand = await startStand({
    config: { proxy: { debugHeaders: true, deadlines: { headersMs: 200 } } },
    ...options,
  })
  stand.decide(setRoute(READ, 'service'))
  return stand
}

async function get(stand: ProxyStand, headers: string[] = [], body = '') {
  return (await stand.connect()).exchange('GET /items/1 HTTP/1.1', headers, body)
}

const count = ({ exchanges }: RawUpstream) => exchanges.length

describe('a read of a service that fails while the monolith owns the data', () => {
  it.each<[string, (stand: ProxyStand) => unknown, number]>([
    ['refuses the connection', ({ service }) => service.refuse(), 0],
    ['resets the connection', ({ service }) => Object.assign(service, { script: reset }), 1],
    [
      'closes without an answer',
      ({ service }) => Object.assign(service, { script: ({ socket }: UpstreamExchange) => socket.end() }),
      1,
    ],
    ['does not answer in time', ({ service }) => Object.assign(service, { script: hang }), 1],
    [
      'answers nonsense',
      ({ service }) =>
        Object.assign(service, { script: (e: UpstreamExchange) => e.write('nonsense\r\n\r\n') }),
      1,
    ],
  ])('is answered by the monolith when the service %s, each side asked once', async (_, fail, reached) => {
    const stand = await startReading()
    await fail(stand)
    const answer = await get(stand)
    expect([answer.status, answer.text]).toEqual([200, 'monolith'])
    expect(valueFor(answer.headers, 'x-strangler-reason')).toBe('FALLBACK')
    expect([count(stand.service), count(stand.monolith)]).toEqual([reached, 1])
    await stand.recorded(1)
    expect(stand.records[0]).toMatchObject({
      reason: 'FALLBACK',
      target: 'monolith',
      side: 'monolith',
      attempts: 2,
    })
  })

  it('is answered by the monolith when the service does not accept the connection in time', async () => {
    const deaf = await startDeafListener()
    try {
      const stand = await startStand({
        capability: { service: 'deaf' },
        config: { proxy: { deadlines: { connectMs: 200 } } },
        extraSides: { deaf: `http://${deaf.host}:${deaf.port}` },
      })
      stand.decide(setRoute(READ, 'service'))
      expect((await get(stand)).text).toBe('monolith')
    } finally {
      deaf.stop()
    }
  })

  it('is answered by the monolith on a fresh connection where its pooled one has died', async () => {
    const stand = await startReading({
      monolith: (exchange) =>
        exchange.ordinal > 0 ? exchange.socket.resetAndDestroy() : answerAs('monolith')(exchange),
    })
    // Not of the capability: it only warms the pool of the monolith.
    expect((await (await stand.connect()).exchange('GET /other HTTP/1.1')).status).toBe(200)
    stand.service.script = reset
    expect((await get(stand)).text).toBe('monolith')
  })

  it('is 502 when the monolith fails too, and nobody is asked a third time', async () => {
    const stand = await startReading({ monolith: reset, service: reset })
    const answer = await get(stand)
    expect(problemOf(answer)).toMatchObject({ status: 502, code: 'STRANGLER_UPSTREAM_RESET' })
    expect([count(stand.service), count(stand.monolith)]).toEqual([1, 1])
  })

  it('is asked of the monolith twice at most, when the service was never reached', async () => {
    const stand = await startReading({ monolith: reset })
    await stand.service.refuse()
    expect((await get(stand)).status).toBe(502)
    expect(count(stand.monolith)).toBe(2)
  })

  it('is broken off, and asked of nobody else, once a byte of the answer has gone out', async () => {
    const stand = await startReading({
      service(exchange) {
        exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin')
        exchange.socket.end()
      },
    })
    const answer = await get(stand)
    expect([answer.status, answer.body.complete, answer.text]).toEqual([200, false, 'begin'])
    expect(count(stand.monolith)).toBe(0)
    await stand.recorded(1)
    expect(stand.records[0]).toMatchObject({ target: 'service', attempts: 1 })
  })

  it('is not asked again when it has a body: that is gone', async () => {
    const stand = await startReading({ service: reset })
    const answer = await get(stand, ['Content-Length: 5'], 'query')
    expect(answer.status).toBe(502)
    expect([count(stand.service), count(stand.monolith)]).toEqual([1, 0])
  })

  it.each([500, 502, 503, 504])('gets a %i of the service passed on: it is an answer', async (status) => {
    const stand = await startReading({
      service: (exchange) => exchange.answer(`${status} Sorry`, [], 'sorry'),
    })
    const answer = await get(stand)
    expect([answer.status, answer.text]).toEqual([status, 'sorry'])
    expect(count(stand.monolith)).toBe(0)
  })
})

describe('what is never sent twice', () => {
  it.each([
    ['with a body', ['Content-Length: 5'], 'stock'],
    ['without a body', ['Content-Length: 0'], ''],
  ])('is a write %s, when the service may have seen it', async (_, headers, body) => {
    const stand = await startStand({ service: reset })
    stand.decide(setRoute(WRITE, 'service'))
    const answer = await (await stand.connect()).exchange('POST /items HTTP/1.1', headers, body)
    expect(problemOf(answer)['code']).toBe('STRANGLER_UPSTREAM_RESET')
    expect([count(stand.service), count(stand.monolith)]).toEqual([1, 0])
  })

  it('is a write that was refused: it does not go to the other side', async () => {
    const stand = await startStand()
    stand.decide(setRoute(WRITE, 'service'))
    await stand.service.refuse()
    const answer = await (await stand.connect()).exchange('POST /items HTTP/1.1', ['Content-Length: 0'])
    expect(problemOf(answer)['code']).toBe('STRANGLER_UPSTREAM_REFUSED')
    expect(count(stand.monolith)).toBe(0)
  })
})

describe('a read of a service that owns the data', () => {
  // Without tables, the service owns once writes go there.
  async function startOwned(service: UpstreamScript) {
    const stand = await startReading({ service })
    stand.decide(setRoute(WRITE, 'service'))
    return stand
  }

  it('is never answered by the monolith, however often the service fails', async () => {
    const stand = await startOwned(reset)
    for (let at = 0; at < 8; at++) expect((await get(stand)).status).toBe(502)
    expect(count(stand.monolith)).toBe(0)
    expect(count(stand.service)).toBe(16)
    expect(stand.breakerStates).toEqual([])
  })

  it('is 504 at its deadline', async () => {
    const stand = await startOwned(hang)
    expect(problemOf(await get(stand))['code']).toBe('STRANGLER_UPSTREAM_HEADERS_TIMEOUT')
    expect(count(stand.monolith)).toBe(0)
  })
})

describe('the breaker of a capability', () => {
  it.each<[string, UpstreamScript]>([
    ['resets', reset],
    ['503s', (exchange) => exchange.answer('503 Sorry')],
  ])('opens after five %s in a row; the service is left alone then', async (_, fail) => {
    const stand = await startReading({ service: fail })
    for (let at = 0; at < 5; at++) await get(stand)
    expect(stand.breakerStates).toEqual(['open'])
    const answer = await get(stand)
    expect([answer.status, answer.text]).toEqual([200, 'monolith'])
    expect(valueFor(answer.headers, 'x-strangler-reason')).toBe('BREAKER_OPEN')
    expect(count(stand.service)).toBe(5)
  })

  it('asks the service again after 30 s, and sends everybody there after twelve successes', async () => {
    const stand = await startReading({ service: reset })
    for (let at = 0; at < 5; at++) await get(stand)
    stand.service.script = answerAs('service')
    stand.turnClock(29_999)
    expect((await get(stand)).text).toBe('monolith')
    stand.turnClock(1)
    for (let at = 0; at < 12; at++) expect((await get(stand)).text).toBe('service')
    expect(stand.breakerStates).toEqual(['open', 'probing', 'closed'])
  })

  it('does not count a 500: it says nothing about the way', async () => {
    const stand = await startReading({ service: (exchange) => exchange.answer('500 Sorry') })
    for (let at = 0; at < 40; at++) expect((await get(stand)).status).toBe(500)
    expect(stand.breakerStates).toEqual([])
  })

  it('does not count clients that leave', async () => {
    const stand = await startReading({ service: hang, config: {} })
    for (let at = 0; at < 8; at++) {
      const client = await stand.connect()
      const arrived = stand.service.next()
      client.send('GET /items/1 HTTP/1.1')
      await arrived
      client.reset()
      await stand.recorded(at + 1)
    }
    expect(stand.records.map(({ code }) => code)).toEqual(Array.from({ length: 8 }, () => 'CLIENT_GONE'))
    expect(stand.breakerStates).toEqual([])
  })

  it('is of one capability only, and of no request that goes to the monolith by the table', async () => {
    const stand = await startReading({ monolith: reset })
    stand.decide(setRoute(READ, 'monolith'))
    for (let at = 0; at < 6; at++) expect((await get(stand)).status).toBe(502)
    expect(stand.breakerStates).toEqual([])
  })
})
