import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RunningAdmin, startAdmin, TOKENS } from './start-admin.ts'

const SKU = 'GET /api/inventory/:sku'
let admin: RunningAdmin

beforeAll(async () => {
  admin = await startAdmin()
})
afterAll(() => admin.stop())
beforeEach(async () => {
  for (const endpoint of [SKU, 'POST /api/inventory/:sku/reservations'])
    await admin.command('/api/routes/clear', { endpoint })
})

const routes = async () => (await admin.call('GET', '/api/routes', { token: TOKENS.viewer })).body
const findRoute = async (endpoint: string) =>
  (await routes()).routes.find((route: { endpoint: string }) => route.endpoint === endpoint)

describe('setting a route', () => {
  it('is journalled with who and why, and shown by the very next question', async () => {
    const before = await admin.version()
    const answer = await admin.command('/api/routes/set', {
      endpoint: SKU,
      mode: 'service',
      as: 'anna',
      because: 'it is ready',
    })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ version: before + 1, changed: true })
    expect(answer.body.entry).toMatchObject({ by: 'operator:anna', because: 'it is ready' })
    expect(await findRoute(SKU)).toMatchObject({
      setting: { mode: 'service' },
      source: 'override',
      override: { by: 'operator:anna', because: 'it is ready', unsafe: false, version: before + 1 },
    })
    expect((await routes()).version).toBe(before + 1)
  })

  it('takes the endpoint as people type it', async () => {
    expect(
      (await admin.command('/api/routes/set', { endpoint: ' get   /api/inventory/:sku ', mode: 'service' }))
        .status,
    ).toBe(200)
    expect((await findRoute(SKU)).setting).toEqual({ mode: 'service' })
  })

  it('that is set already changes nothing and is not journalled', async () => {
    await admin.command('/api/routes/set', { endpoint: SKU, mode: 'canary', percent: 0.5 })
    const before = await admin.version()
    const answer = await admin.command('/api/routes/set', { endpoint: SKU, mode: 'canary', percent: 0.5 })
    expect(answer.body).toEqual({ version: before, changed: false })
    expect(await admin.version()).toBe(before)
  })

  it('gives the first canary of a capability a salt, and no later one', async () => {
    await admin.command('/api/routes/set', { endpoint: SKU, mode: 'canary', percent: 5 })
    await admin.command('/api/routes/set', { endpoint: SKU, mode: 'canary', percent: 6 })
    await admin.command('/api/routes/set', {
      endpoint: 'POST /api/inventory/:sku/reservations',
      mode: 'canary',
      percent: 7,
    })
    const salts = (await admin.control.journal.read(0)).flatMap(({ event }) =>
      event.kind === 'route.set' && event.salt ? [event.salt] : [],
    )
    expect(salts).toHaveLength(1)
    expect(salts[0]).toMatchObject({
      capability: 'inventory',
      value: expect.stringMatching(/^[0-9a-f]{16}$/),
    })
  })

  it('of an unknown endpoint is refused with the nearest names', async () => {
    const answer = await admin.command('/api/routes/set', {
      endpoint: 'GET /api/inventory/:sk',
      mode: 'service',
    })
    expect(answer).toMatchObject({ status: 404, body: { code: 'STRANGLER_UNKNOWN_ENDPOINT' } })
    expect(answer.body.fix).toContain(SKU)
  })

  it('of a path without its method says that the method is missing', async () => {
    const answer = await admin.command('/api/routes/set', {
      endpoint: '/api/inventory/:sku',
      mode: 'service',
    })
    expect(answer).toMatchObject({ status: 404, body: { code: 'STRANGLER_UNKNOWN_ENDPOINT' } })
    expect(answer.body.detail).toContain('"/api/inventory/:sku" is a path without its method')
    expect(answer.body.fix).toContain(`"${SKU}"`)
  })

  it('that would split the data is refused, unless it is declared unsafe, which is journalled', async () => {
    const refused = await admin.command('/api/routes/set', { endpoint: 'POST /api/orders', mode: 'service' })
    expect(refused).toMatchObject({ status: 409, body: { code: 'STRANGLER_TOGGLE_REFUSED' } })
    expect(refused.body.fix).toContain('--unsafe')
    const unsafe = await admin.command('/api/routes/set', {
      endpoint: 'POST /api/orders',
      mode: 'service',
      unsafe: true,
    })
    expect(unsafe.body.entry.event).toMatchObject({ unsafe: true })
    expect(await findRoute('POST /api/orders')).toMatchObject({ override: { unsafe: true } })
  })

  it('to shadow leaves the answers with the monolith, so it needs nobody’s leave', async () => {
    const answer = await admin.command('/api/routes/set', { endpoint: SKU, mode: 'shadow' })
    expect(answer).toMatchObject({ status: 200, body: { changed: true } })
    expect(await findRoute(SKU)).toMatchObject({ setting: { mode: 'shadow' } })
  })

  it.each([
    [{ mode: 'canary' }, 'percent'],
    [{ mode: 'service', percent: 5 }, 'percent'],
    [{ mode: 'canary', percent: 101 }, 'percent'],
    [{ mode: 'canary', percent: -1 }, 'percent'],
    [{ mode: 'canary', percent: 0.001 }, 'percent'],
    [{ mode: 'both' }, 'mode'],
    [{ mode: 'service', because: 'a\u001b[2Jb' }, 'because'],
    [{ mode: 'service', because: 'x'.repeat(501) }, 'because'],
    [{ mode: 'service', as: 'a\nb' }, 'as'],
    [{ mode: 'service', expectedVersion: 'now' }, 'expectedVersion'],
    [{ mode: 'service', expectedVersion: undefined }, 'expectedVersion'],
    [{ mode: 'service', percentage: 5 }, 'the command'],
  ])('is refused when it is not understood: %j', async (fields, key) => {
    const before = await admin.version()
    const answer = await admin.command('/api/routes/set', { endpoint: SKU, ...fields })
    expect(answer).toMatchObject({ status: 400, body: { code: 'STRANGLER_INVALID_COMMAND' } })
    expect(answer.body.detail).toContain(`\`${key}\``)
    expect(await admin.version()).toBe(before)
  })

  it.each([0.01, 0.07, 12.34, 33.33, 99.99, 100])('takes %s percent', async (percent) => {
    expect((await admin.command('/api/routes/set', { endpoint: SKU, mode: 'canary', percent })).status).toBe(
      200,
    )
  })
})

describe('an expected version', () => {
  it('that is not the journal’s refuses the command, with what has changed', async () => {
    const known = await admin.version()
    await admin.command('/api/routes/set', { endpoint: SKU, mode: 'service', as: 'berta' })
    const late = await admin.command('/api/routes/set', {
      endpoint: SKU,
      mode: 'monolith',
      expectedVersion: known,
    })
    expect(late).toMatchObject({ status: 409, body: { code: 'STRANGLER_VERSION_CONFLICT' } })
    expect(late.body.details).toMatchObject({ expectedVersion: known, currentVersion: known + 1 })
    expect(late.body.details.entries).toHaveLength(1)
    expect(late.body.detail).toContain('operator:berta')
    const early = await admin.command('/api/routes/set', {
      endpoint: SKU,
      mode: 'monolith',
      expectedVersion: known + 9,
    })
    expect(early.status).toBe(409)
    expect((await findRoute(SKU)).setting).toEqual({ mode: 'service' })
  })

  it('lets one of two operators who command at the same moment win', async () => {
    const expectedVersion = await admin.version()
    const modes = ['service', 'canary', 'service', 'canary', 'service', 'canary']
    const answers = await Promise.all(
      modes.map((mode, index) =>
        admin.command('/api/routes/set', {
          endpoint: SKU,
          mode,
          ...(mode === 'canary' ? { percent: index } : {}),
          expectedVersion,
        }),
      ),
    )
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409, 409, 409, 409, 409])
    expect(await admin.version()).toBe(expectedVersion + 1)
  })

  it('is checked against the journal even by a server that has not heard of the newest entries', async () => {
    const deaf = await startAdmin({ deaf: true })
    const expectedVersion = 0
    await deaf.command('/api/routes/set', { endpoint: SKU, mode: 'service', expectedVersion })
    const again = await deaf.command('/api/routes/set', { endpoint: SKU, mode: 'service' })
    expect(again.body).toEqual({ version: 1, changed: false })
    expect((await deaf.call('GET', '/api/routes', { token: TOKENS.viewer })).body).toMatchObject({
      version: 1,
      confirmed: true,
    })
    await deaf.stop()
  })
})

describe('clearing a route', () => {
  it('returns the endpoint to what the configuration says', async () => {
    const endpoint = 'GET /api/inventory'
    await admin.command('/api/routes/set', { endpoint, mode: 'service' })
    expect((await admin.command('/api/routes/clear', { endpoint, because: 'enough' })).body.changed).toBe(
      true,
    )
    expect(await findRoute(endpoint)).toMatchObject({
      setting: { mode: 'canary', percent: 50 },
      source: 'config',
    })
    expect(await findRoute(endpoint)).not.toHaveProperty('override')
  })

  it('without an override changes nothing', async () => {
    const answer = await admin.command('/api/routes/clear', { endpoint: SKU })
    expect(answer.body).toEqual({ version: await admin.version(), changed: false })
  })

  it('is possible for an endpoint that the configuration no longer has', async () => {
    const endpoint = 'GET /gone'
    await admin.control.journal.append({
      event: { kind: 'route.set', endpoint, setting: { mode: 'service' } },
      by: 'test',
      expectedVersion: await admin.version(),
    })
    expect((await routes()).orphans).toEqual([endpoint])
    expect((await admin.command('/api/routes/clear', { endpoint })).body.changed).toBe(true)
    expect((await routes()).orphans).toEqual([])
  })

  it('of an endpoint that nobody knows is refused', async () => {
    const answer = await admin.command('/api/routes/clear', { endpoint: 'GET /nowhere' })
    expect(answer.body.code).toBe('STRANGLER_UNKNOWN_ENDPOINT')
  })
})

describe('the history', () => {
  it('comes newest first, in pages', async () => {
    await admin.command('/api/routes/set', { endpoint: SKU, mode: 'service' })
    await admin.command('/api/routes/set', { endpoint: SKU, mode: 'monolith' })
    const newest = await admin.version()
    const page = async (query: string) =>
      (await admin.call('GET', `/api/history?${query}`, { token: TOKENS.viewer })).body.entries.map(
        (entry: { version: number }) => entry.version,
      )
    expect(await page('limit=2')).toEqual([newest, newest - 1])
    expect(await page(`limit=1&before=${newest}`)).toEqual([newest - 1])
    const bad = await admin.call('GET', '/api/history?limit=0', { token: TOKENS.viewer })
    expect(bad.body.code).toBe('STRANGLER_INVALID_COMMAND')
  })
})
