import { connect, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAdminServer } from '../../strangler/admin/admin-server.ts'
import { createAttemptLimiter } from '../../strangler/admin/attempt-limiter.ts'
import { type RunningAdmin, startAdmin, TOKENS } from './start-admin.ts'

const WRONG = 'a-wrong-token-that-nobody-has'
let admin: RunningAdmin

beforeEach(async () => {
  admin = await startAdmin()
})
afterEach(() => admin.stop())

const questions = ['/api/routes', '/api/history', '/api/proxies', '/api/holds']
const commands = [
  '/api/routes/set',
  '/api/routes/clear',
  '/api/proxies/evict',
  ...['start', 'fence', 'release', 'abort'].map((change) => `/api/holds/${change}`),
]

describe('the roles', () => {
  it('let nobody in without a token', async () => {
    for (const path of questions) expect((await admin.call('GET', path)).status).toBe(401)
    for (const path of [...commands, '/api/routes/why']) {
      const answer = await admin.call('POST', path, { body: {} })
      expect(answer).toMatchObject({ status: 401, body: { code: 'STRANGLER_UNAUTHORIZED' } })
      expect(answer.headers.get('www-authenticate')).toContain('Bearer')
    }
  })

  it('let a viewer look and not change', async () => {
    for (const path of questions)
      expect((await admin.call('GET', path, { token: TOKENS.viewer })).status).toBe(200)
    for (const path of commands) {
      const answer = await admin.call('POST', path, { token: TOKENS.viewer, body: {} })
      expect(answer).toMatchObject({ status: 403, body: { code: 'STRANGLER_FORBIDDEN' } })
    }
  })

  it('let an operator look, too', async () => {
    for (const path of questions)
      expect((await admin.call('GET', path, { token: TOKENS.operator })).status).toBe(200)
  })

  it('do not take a token from anywhere but the Authorization header', async () => {
    expect((await admin.call('GET', `/api/routes?token=${TOKENS.viewer}`)).status).toBe(401)
    const basic = { authorization: `Basic ${TOKENS.viewer}` }
    expect((await admin.call('GET', '/api/routes', { headers: basic })).status).toBe(401)
  })
})

describe('wrong tokens', () => {
  it('are counted: the eleventh waits until the minute is over, while the right one is always good', async () => {
    for (let attempt = 0; attempt < 10; attempt++) {
      expect((await admin.call('GET', '/api/routes', { token: WRONG })).status).toBe(401)
    }
    // Else anybody at an operator's address could bar the way back.
    expect((await admin.call('GET', '/api/routes', { token: TOKENS.operator })).status).toBe(200)
    const refused = await admin.call('GET', '/api/routes', { token: WRONG })
    expect(refused).toMatchObject({ status: 429, body: { code: 'STRANGLER_TOO_MANY_ATTEMPTS' } })
    expect(refused.headers.get('retry-after')).toBe('60')
    admin.turnClock(60_001)
    expect((await admin.call('GET', '/api/routes', { token: WRONG })).status).toBe(401)
  })

  it('do not block those who carry none at all, nor health', async () => {
    for (let attempt = 0; attempt < 12; attempt++) await admin.call('GET', '/api/routes')
    expect((await admin.call('GET', '/api/routes', { token: TOKENS.viewer })).status).toBe(200)
    for (let attempt = 0; attempt < 11; attempt++) await admin.call('GET', '/api/routes', { token: WRONG })
    expect((await admin.call('GET', '/livez')).status).toBe(200)
  })

  it('are remembered for a bounded number of addresses, and IPv6 by its network', () => {
    const limiter = createAttemptLimiter(() => 0)
    const fail = (address: string) => Array.from({ length: 10 }, () => limiter.countFailure(address))
    fail('10.0.0.1')
    expect(limiter.waitMs('10.0.0.1')).toBeGreaterThan(0)
    expect(limiter.waitMs('::ffff:10.0.0.1')).toBeGreaterThan(0)
    expect(limiter.waitMs('10.0.0.2')).toBe(0)
    fail('2001:db8::1')
    expect(limiter.waitMs('2001:db8:0:0:ffff::2')).toBeGreaterThan(0)
    expect(limiter.waitMs('2001:db8:0:1::1')).toBe(0)
    for (let index = 0; index < 10_000; index++) limiter.countFailure(`address-${index}`)
    expect(limiter.waitMs('10.0.0.1')).toBe(0)
  })

  it('and right ones never reach the log or an answer', async () => {
    const answers = [
      await admin.call('GET', '/api/routes', { token: WRONG }),
      await admin.call('POST', '/api/routes/set', {
        token: TOKENS.operator,
        body: { mode: TOKENS.operator },
      }),
      await admin.command('/api/routes/set', { endpoint: 'GET /api/inventory/:sku', mode: 'service' }),
    ]
    const seen = JSON.stringify([admin.logged, answers.map((answer) => answer.body)])
    expect(admin.logged.map(({ level }) => level)).toEqual(['warn', 'info'])
    for (const secret of [WRONG, TOKENS.operator, TOKENS.viewer]) expect(seen).not.toContain(secret)
  })
})

describe('health and metrics', () => {
  it('are open on a loopback host', async () => {
    expect((await admin.call('GET', '/livez')).body).toEqual({ alive: true })
    expect(await admin.call('GET', '/readyz')).toMatchObject({
      status: 200,
      body: { ready: true, tableVersion: 0 },
    })
    const metrics = await admin.call('GET', '/metrics')
    expect(metrics.body).toBe('strangler_up 1\n')
    expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4')
  })

  it('say why the kit is not ready', async () => {
    const unready = await startAdmin({ readiness: () => ({ ready: false, reasons: ['no table yet'] }) })
    expect(await unready.call('GET', '/readyz')).toMatchObject({
      status: 503,
      body: { reasons: ['no table yet'] },
    })
    await unready.stop()
  })

  it('ask for a viewer’s token where the server listens for others', async () => {
    const server = createAdminServer(admin.options)
    const { port } = await server.start('0.0.0.0', 0)
    const status = async (path: string, token?: string) =>
      (
        await fetch(`http://127.0.0.1:${port}${path}`, {
          headers: token ? { authorization: `Bearer ${token}` } : {},
        })
      ).status
    expect(await status('/metrics')).toBe(401)
    expect(await status('/metrics', TOKENS.viewer)).toBe(200)
    expect(await status('/livez')).toBe(200)
    await server.stop()
  })
})

describe('a foreign page', () => {
  it('cannot reach the API under a name of its own (DNS rebinding)', async () => {
    const { port } = new URL(admin.url)
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1.evil.example',
      '',
      '@',
      '169.254.1.1',
    ]) {
      expect(await rawStatus(`GET /livez HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).toBe(421)
    }
    for (const host of [
      'localhost',
      `127.0.0.1:${port}`,
      '[::1]',
      'LOCALHOST:9',
      'kit.localhost',
      '127.8.8.8',
    ]) {
      expect(await rawStatus(`GET /livez HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).toBe(200)
    }
  })

  it('gets no permission to read across origins, and no page to frame', async () => {
    const answer = await admin.call('OPTIONS', '/api/routes', {
      headers: { origin: 'http://evil.example', 'access-control-request-method': 'GET' },
    })
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    const { headers } = await admin.call('GET', '/livez')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.has('x-powered-by')).toBe(false)
  })
})

describe('a body', () => {
  const set = (body: unknown, headers: Record<string, string> = {}) =>
    admin.call('POST', '/api/routes/set', { token: TOKENS.operator, body, headers })

  it('larger than 64 KiB is refused', async () => {
    const answer = await set({ endpoint: 'x'.repeat(70_000) })
    expect(answer).toMatchObject({ status: 413, body: { code: 'STRANGLER_BODY_TOO_LARGE' } })
  })

  it('is not read before the token is known', async () => {
    const head = 'POST /api/routes/set HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    expect(await rawStatus(`${head}Content-Length: 1000000000\r\n\r\n{`)).toBe(401)
  })

  it('that is not JSON is refused', async () => {
    expect(await set('{"a"')).toMatchObject({ status: 400, body: { code: 'STRANGLER_INVALID_COMMAND' } })
    expect(await set('[]')).toMatchObject({ status: 400 })
    expect(await set('a=b', { 'content-type': 'text/plain' })).toMatchObject({ status: 415 })
    expect(await set('a=b', { 'content-type': 'application/x-www-form-urlencoded' })).toMatchObject({
      status: 415,
    })
    expect(await set('{}', { 'content-encoding': 'gzip' })).toMatchObject({ status: 415 })
    const empty = await admin.call('POST', '/api/routes/set', { token: TOKENS.operator })
    expect(empty).toMatchObject({ status: 415, body: { code: 'STRANGLER_NOT_JSON' } })
  })

  it('cannot smuggle a prototype', async () => {
    const answer = await set(
      '{"__proto__":{"unsafe":true},"endpoint":"GET /x","mode":"service","expectedVersion":0}',
    )
    expect(answer.status).toBe(400)
    expect(({} as { unsafe?: boolean }).unsafe).toBeUndefined()
  })
})

describe('what fails', () => {
  it('is a problem with a code, also for an address that does not exist', async () => {
    const answer = await admin.call('GET', '/api/nothing')
    expect(answer).toMatchObject({ status: 404, body: { code: 'STRANGLER_NOT_FOUND', status: 404 } })
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
  })

  it('inside says nothing of the inside, and is logged', async () => {
    const broken = await startAdmin({
      metrics: async () => {
        throw new Error('password=hunter2 at /etc/secret')
      },
    })
    const answer = await broken.call('GET', '/metrics')
    expect(answer).toMatchObject({ status: 500, body: { code: 'STRANGLER_INTERNAL' } })
    expect(JSON.stringify(answer.body)).not.toContain('hunter2')
    expect(broken.logged.map(({ level }) => level)).toEqual(['error'])
    await broken.stop()
  })

  it('because the control database is gone is told apart; questions are answered from what is known', async () => {
    await admin.command('/api/routes/set', { endpoint: 'GET /api/inventory/:sku', mode: 'service' })
    await admin.control.stop()
    const refused = await admin.call('POST', '/api/routes/clear', {
      token: TOKENS.operator,
      body: { endpoint: 'GET /api/inventory/:sku', expectedVersion: 1 },
    })
    expect(refused).toMatchObject({ status: 503, body: { code: 'STRANGLER_CONTROL_DATABASE_UNREACHABLE' } })
    const known = await admin.call('GET', '/api/routes', { token: TOKENS.viewer })
    expect(known).toMatchObject({ status: 200, body: { confirmed: false, version: 1 } })
  })

  it('because the port is taken names the port and the way out', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    const server = createAdminServer(admin.options)
    await expect(server.start('127.0.0.1', port)).rejects.toMatchObject({
      code: 'STRANGLER_PORT_IN_USE',
      message: expect.stringContaining(String(port)),
    })
    await server.stop()
    await new Promise((resolve) => taken.close(resolve))
  })
})

/** The status of an answer to bytes that fetch would not send. */
async function rawStatus(request: string): Promise<number> {
  const { port } = new URL(admin.url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(request)
  let text = ''
  for await (const chunk of socket) {
    text += chunk
    if (text.includes('\r\n')) break
  }
  socket.destroy()
  return Number(text.split(' ')[1])
}
