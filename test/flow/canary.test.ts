import { describe, expect, it } from 'vitest'
import { valueFor } from '../conformance/tools/http-message.ts'
import type { RawAnswer } from '../conformance/tools/raw-client.ts'
import { OPERATOR_TOKEN, type ProxyStand, type StandOptions, setRoute, startStand } from './proxy-stand.ts'

const ENDPOINTS = ['GET /items/:id', 'GET /stock', 'POST /items']

async function startCanary(percent: number, options: StandOptions = {}): Promise<ProxyStand> {
  const stand = await startStand({
    ...options,
    capability: { endpoints: ENDPOINTS, unit: { header: 'x-user' }, ...options.capability },
    config: { proxy: { debugHeaders: true }, ...options.config },
  })
  for (const endpoint of ENDPOINTS) stand.decide(setRoute(endpoint, percent))
  return stand
}

/** The side that answered each user, one connection for all. */
async function askFor(stand: ProxyStand, users: readonly string[], line = 'GET /items/1 HTTP/1.1') {
  const client = await stand.connect()
  const sides: string[] = []
  for (const user of users)
    sides.push((await client.exchange(line, [`X-User: ${user}`, 'Content-Length: 0'])).text)
  return sides
}

const users = Array.from({ length: 1_000 }, (_, at) => `user-${at}`)
const shareOf = (sides: readonly string[]) => sides.filter((side) => side === 'service').length / sides.length

describe('a canary of 25 %', () => {
  it('sends a quarter of the users to the service, and each always to the same side, on every endpoint', async () => {
    const stand = await startCanary(25)
    const first = await askFor(stand, users)
    // Four standard deviations of a binomial draw of 1,000.
    expect(Math.abs(shareOf(first) - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 1_000))
    const some = users.slice(0, 200)
    expect(await askFor(stand, some)).toEqual(first.slice(0, 200))
    expect(await askFor(stand, some, 'GET /stock HTTP/1.1')).toEqual(first.slice(0, 200))
    expect(await askFor(stand, some, 'POST /items HTTP/1.1')).toEqual(first.slice(0, 200))
  })

  it('keeps everybody whom it has when it grows, and gives up only its last when it shrinks', async () => {
    const stand = await startCanary(25)
    const at25 = await askFor(stand, users)
    stand.decide(setRoute(ENDPOINTS[0] as string, 50))
    const at50 = await askFor(stand, users)
    expect(at25.every((side, at) => side === 'monolith' || at50[at] === 'service')).toBe(true)
    expect(Math.abs(shareOf(at50) - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 1_000))
    stand.decide(setRoute(ENDPOINTS[0] as string, 25))
    expect(await askFor(stand, users)).toEqual(at25)
  })

  it.each([
    [0, 'monolith'],
    [100, 'service'],
  ])('at %i percent sends everybody to the %s', async (percent, side) => {
    const stand = await startCanary(percent)
    expect(new Set(await askFor(stand, users.slice(0, 100)))).toEqual(new Set([side]))
  })
})

describe('a client without the configured mark', () => {
  const BROWSER = 'Sec-Fetch-Mode: navigate'
  const cookieOf = (answer: RawAnswer) => valueFor(answer.headers, 'set-cookie')

  it('is given the kit’s cookie when it is a browser, and stays by it on whatever address', async () => {
    const stand = await startCanary(50)
    const sides = new Set<string>()
    for (let at = 0; at < 40; at++) {
      const client = await stand.connect()
      const first = await client.exchange('GET /items/1 HTTP/1.1', [BROWSER])
      const cookie = cookieOf(first)
      expect(cookie).toMatch(/^strangler_unit=[\w-]{22}; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/)
      const again = [BROWSER, `Cookie: a=b; ${cookie?.split(';')[0]}`]
      for (const path of ['/items/2', '/stock']) {
        const answer = await client.exchange(`GET ${path} HTTP/1.1`, again)
        expect([answer.text, cookieOf(answer)]).toEqual([first.text, undefined])
      }
      sides.add(first.text)
    }
    expect(sides).toEqual(new Set(['monolith', 'service']))
    await stand.recorded(120)
    expect(new Set(stand.records.map(({ unitSource }) => unitSource))).toEqual(new Set(['kit-cookie']))
  })

  it('is given another cookie when it brings one that the kit cannot have made', async () => {
    const stand = await startCanary(50)
    const client = await stand.connect()
    for (const forged of ['short', 'x'.repeat(65), 'with space here now', '']) {
      const answer = await client.exchange('GET /items/1 HTTP/1.1', [`Cookie: strangler_unit=${forged}`])
      expect(cookieOf(answer)).toMatch(/^strangler_unit=[\w-]{22};/)
    }
  })

  it('keeps the cookies that the side sets', async () => {
    const stand = await startCanary(100, {
      service: (exchange) => exchange.answer('200 OK', ['Set-Cookie: a=1', 'Set-Cookie: b=2']),
    })
    const answer = await (await stand.connect()).exchange('GET /items/1 HTTP/1.1', [BROWSER])
    const cookies = answer.headers.filter(([name]) => name.toLowerCase() === 'set-cookie')
    expect(cookies.map(([, value]) => value.split('=')[0])).toEqual(['a', 'b', 'strangler_unit'])
  })

  it('is known by its address when it is a program, and gets no cookie', async () => {
    const stand = await startCanary(50, { config: { proxy: { trustedProxies: ['127.0.0.1'] } } })
    const client = await stand.connect()
    const sides: string[] = []
    for (let at = 0; at < 60; at++) {
      const headers = [`X-Forwarded-For: 192.0.2.${at}`]
      const answer = await client.exchange('GET /items/1 HTTP/1.1', headers)
      expect(cookieOf(answer)).toBeUndefined()
      expect((await client.exchange('GET /stock HTTP/1.1', headers)).text).toBe(answer.text)
      sides.push(answer.text)
    }
    expect(new Set(sides)).toEqual(new Set(['monolith', 'service']))
    await stand.recorded(120)
    expect(stand.records.every(({ unitSource }) => unitSource === 'address')).toBe(true)
  })

  it('cannot choose its address where the proxy in front is not trusted', async () => {
    const stand = await startCanary(50)
    const client = await stand.connect()
    const sides = new Set<string>()
    for (let at = 0; at < 60; at++)
      sides.add((await client.exchange('GET /items/1 HTTP/1.1', [`X-Forwarded-For: 192.0.2.${at}`])).text)
    expect(sides.size).toBe(1)
  })
})

describe('x-strangler-target', () => {
  async function force(stand: ProxyStand, side: string, token?: string) {
    const headers = [
      `X-Strangler-Target: ${side}`,
      ...(token === undefined ? [] : [`X-Strangler-Token: ${token}`]),
    ]
    return (await stand.connect()).exchange('GET /items/1 HTTP/1.1', headers)
  }

  it('chooses the side for an operator', async () => {
    const stand = await startCanary(0)
    const answer = await force(stand, 'service', OPERATOR_TOKEN)
    expect([answer.text, valueFor(answer.headers, 'x-strangler-reason')]).toEqual(['service', 'OVERRIDE'])
    expect((await force(stand, 'monolith', OPERATOR_TOKEN)).text).toBe('monolith')
  })

  it.each([
    ['no token', undefined],
    ['a wrong token', 'wrong'],
    ['an empty one', ''],
    ['the beginning of the right one', OPERATOR_TOKEN.slice(0, -1)],
  ])('does nothing with %s', async (_, token) => {
    const stand = await startCanary(0)
    const answer = await force(stand, 'service', token)
    expect([answer.text, valueFor(answer.headers, 'x-strangler-reason')]).toEqual(['monolith', 'SPLIT'])
  })

  it('does nothing with a side that is none', async () => {
    expect((await force(await startCanary(0), 'inventory', OPERATOR_TOKEN)).text).toBe('monolith')
  })

  it('never reaches a side, nor does the token', async () => {
    const stand = await startCanary(0)
    await force(stand, 'service', OPERATOR_TOKEN)
    await force(stand, 'service', 'wrong')
    for (const side of [stand.service, stand.monolith])
      expect(side.only.head.bytes.toLowerCase()).not.toMatch(/x-strangler-t/)
  })
})

describe('the debug headers', () => {
  it('say side, reason, endpoint and table version when they are on', async () => {
    const stand = await startCanary(100)
    const { headers } = await (await stand.connect()).exchange('GET /items/1 HTTP/1.1')
    expect(
      ['target', 'reason', 'endpoint', 'table-version'].map((name) =>
        valueFor(headers, `x-strangler-${name}`),
      ),
    ).toEqual(['inventory', 'SPLIT', 'GET /items/:id', '3'])
  })

  it('are absent when they are off', async () => {
    const stand = await startCanary(100, { config: { proxy: { debugHeaders: false } } })
    const { bytes } = await (await stand.connect()).exchange('GET /items/1 HTTP/1.1')
    expect(bytes.toLowerCase()).not.toContain('x-strangler')
  })
})
