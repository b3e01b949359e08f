import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildDashboard } from '../../scripts/build-dashboard.ts'
import { createSessions } from '../../strangler/admin/dashboard/sessions.ts'
import { type CallOptions, type RunningAdmin, startAdmin, TOKENS } from '../admin/start-admin.ts'

const SKU = 'GET /api/inventory/:sku'
let admin: RunningAdmin

beforeAll(async () => {
  await buildDashboard()
  admin = await startAdmin()
}, 120_000)
afterAll(() => admin.stop())
beforeEach(() => admin.turnClock(61_000))

interface Visitor {
  readonly cookie: string
  readonly csrf: string
}

/** What a browser has after signing in. */
async function signIn(token: string = TOKENS.operator): Promise<Visitor> {
  const origin = { origin: admin.url }
  const answer = await admin.call('POST', '/dashboard/api/session', { body: { token }, headers: origin })
  expect(answer.status).toBe(200)
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  return { cookie, csrf: answer.body.csrf }
}

const asBrowser = ({ cookie, csrf }: Visitor, over: Record<string, string> = {}): CallOptions['headers'] => ({
  ...{ cookie, 'x-strangler-csrf': csrf, origin: admin.url, 'sec-fetch-site': 'same-origin', ...over },
})
const toggle = async () => ({ endpoint: SKU, mode: 'service', expectedVersion: await admin.version() })
const command = async (headers: CallOptions['headers']) =>
  admin.call('POST', '/dashboard/api/routes/set', { body: await toggle(), ...(headers ? { headers } : {}) })

describe('the cookie', () => {
  it('is kept from scripts, from other sites and from all paths but the dashboard’s', async () => {
    const answer = await admin.call('POST', '/dashboard/api/session', {
      ...{ body: { token: TOKENS.viewer }, headers: { origin: admin.url, 'x-forwarded-proto': 'https' } },
    })
    const [, ...flags] = answer.headers.get('set-cookie')?.split('; ') ?? []
    expect(flags).toEqual(['Max-Age=43200', 'Path=/dashboard', 'HttpOnly', 'SameSite=Strict', 'Secure'])
    expect(JSON.stringify([answer.body, ...answer.headers])).not.toContain(TOKENS.viewer)
  })

  it('opens the dashboard’s door and no other, and a bearer token does not open that one', async () => {
    const visitor = await signIn()
    const headers = asBrowser(visitor) ?? {}
    expect((await admin.call('GET', '/dashboard/api/routes', { headers })).status).toBe(200)
    for (const path of ['/api/routes', '/api/guide', '/owner/inventory'])
      expect((await admin.call('GET', path, { headers })).status).toBe(401)
    for (const path of ['/session', '/routes', '/live', '/guide', '/history'])
      expect((await admin.call('GET', `/dashboard/api${path}`, { token: TOKENS.operator })).status).toBe(401)
  })

  it('of a viewer may look, not change', async () => {
    const visitor = await signIn(TOKENS.viewer)
    expect(await command(asBrowser(visitor))).toMatchObject({
      status: 403,
      body: { code: 'STRANGLER_FORBIDDEN' },
    })
  })

  it('cannot be forged, changed to another role, or used when it is over or its token is no more', () => {
    let now = 1_000
    const sessions = createSessions(TOKENS, () => now)
    const { value } = sessions.open('viewer')
    expect(sessions.read(value)?.role).toBe('viewer')
    const forged = [
      '',
      'x',
      value.slice(0, -1),
      value.replace('viewer', 'operator'),
      `${value}.x`,
      value.replace('.', '..'),
    ]
    for (const one of forged) expect(sessions.read(one)).toBeUndefined()
    // A restart forgets nothing; a new token ends what came of the old one.
    expect(createSessions(TOKENS, () => now).read(value)?.role).toBe('viewer')
    expect(
      createSessions({ ...TOKENS, viewer: 'another-viewer-token' }, () => now).read(value),
    ).toBeUndefined()
    now += sessions.lastsMs
    expect(sessions.read(value)).toBeUndefined()
  })

  it('is not given to a worker, and wrong tokens are counted together with those of the API', async () => {
    const wrong = { body: { token: 'a-wrong-token-that-nobody-has' }, headers: { origin: admin.url } }
    for (let attempt = 0; attempt < 5; attempt++) {
      expect((await admin.call('POST', '/dashboard/api/session', wrong)).status).toBe(401)
      expect((await admin.call('GET', '/api/routes', { token: 'another-wrong-token' })).status).toBe(401)
    }
    expect(await admin.call('POST', '/dashboard/api/session', wrong)).toMatchObject({
      ...{ status: 429, body: { code: 'STRANGLER_TOO_MANY_ATTEMPTS' } },
    })
    expect(JSON.stringify(admin.logged)).not.toContain('a-wrong-token')
    await signIn()
  })
})

describe('another page in the visitor’s browser', () => {
  it('cannot give a command with his cookie: the word is missing, or the origin is another', async () => {
    const visitor = await signIn()
    const before = await admin.version()
    const attempts: Record<string, string>[] = [
      { 'x-strangler-csrf': '' },
      { 'x-strangler-csrf': 'x'.repeat(43) },
      { 'x-strangler-csrf': (await signIn()).csrf },
      { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:8080' },
      { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' },
      { 'sec-fetch-site': 'none' },
    ]
    for (const headers of attempts)
      expect(await command(asBrowser(visitor, headers))).toMatchObject({
        ...{ status: 403, body: { code: 'STRANGLER_CROSS_SITE' } },
      })
    // An old browser says its origin only.
    for (const origin of ['http://evil.example', 'null', admin.url.replace('127.0.0.1', 'localhost')]) {
      const { cookie, csrf } = visitor
      expect((await command({ cookie, 'x-strangler-csrf': csrf, origin })).status).toBe(403)
    }
    expect((await command({ cookie: visitor.cookie, 'x-strangler-csrf': visitor.csrf })).status).toBe(403)
    expect(await admin.version()).toBe(before)
    // The same, as its own page would: this is what the attempts above lack.
    expect((await command(asBrowser(visitor))).status).toBe(200)
  })

  it('can neither read with it, nor sign him in with a token of its own, nor send a form', async () => {
    const visitor = await signIn()
    const foreign = asBrowser(visitor, { 'sec-fetch-site': 'cross-site' }) ?? {}
    for (const path of ['/routes', '/live', '/session'])
      expect((await admin.call('GET', `/dashboard/api${path}`, { headers: foreign })).status).toBe(403)
    const body = { token: TOKENS.viewer }
    const signedIn = await admin.call('POST', '/dashboard/api/session', {
      ...{ body, headers: { origin: 'http://evil.example' } },
    })
    expect(signedIn.status).toBe(403)
    const form = { ...asBrowser(visitor), 'content-type': 'text/plain' }
    expect(
      (await admin.call('POST', '/dashboard/api/routes/set', { body: '{}', headers: form })).status,
    ).toBe(415)
  })

  it('cannot put the dashboard into a frame, nor run a script or a style of its own in it', async () => {
    const { headers } = await admin.call('GET', '/dashboard/')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|https?:|data:|\*/)
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  })
})

describe('the files', () => {
  it('are found by their whole names: no way leads out of their folder', async () => {
    const secret = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
    const paths = [
      ...[
        '/dashboard/../package.json',
        '/dashboard/..%2f..%2f..%2fpackage.json',
        '/dashboard/%2e%2e/package.json',
      ],
      ...['/dashboard//etc/passwd', '/dashboard/assets/../../../package.json', '/dashboard/.built-from'],
      ...[
        '/dashboard/..\\..\\package.json',
        '/dashboard/%00index.html',
        '/dashboard/assets',
        '/dashboard/constructor',
      ],
    ]
    for (const path of paths) {
      const answer = await rawGet(path)
      expect(answer).toMatch(/^HTTP\/1\.1 40[04]/)
      expect(answer).not.toContain(secret.slice(0, 40))
    }
    expect(await rawGet('/dashboard/')).toMatch(/^HTTP\/1\.1 200/)
  })

  it('are the first load, and it is small', async () => {
    const page = (await admin.call('GET', '/dashboard/')).body as string
    const scripts = [...page.matchAll(/(?:src|href)="([^"]+\.js)"/g)].map(([, path = '']) => path)
    expect(scripts.length).toBeGreaterThan(0)
    let bytes = 0
    for (const path of scripts) {
      const answer = await rawGet(path, 'Accept-Encoding: gzip\r\n')
      expect(answer).toMatch(/content-encoding: gzip/i)
      expect(answer).toMatch(/max-age=31536000, immutable/)
      bytes += answer.length - answer.indexOf('\r\n\r\n') - 4
    }
    expect(bytes).toBeGreaterThan(10_000)
    expect(bytes).toBeLessThan(100 * 1_024)
    // Nothing of it comes from elsewhere.
    expect(page).not.toMatch(/https?:|<script>|<style|style=|onload/)
  })
})

/** As it stands: `fetch` would tidy the path up. Bytes as characters. */
function rawGet(path: string, headers = ''): Promise<string> {
  const { port } = new URL(admin.url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}Connection: close\r\n\r\n`),
    )
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('end', () => resolve(Buffer.concat(chunks).toString('latin1')))
    socket.on('error', reject)
  })
}
