import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import { type RunningAdmin, startAdmin, TOKENS } from '../admin/start-admin.ts'

const ENDPOINTS = ['GET /api/inventory/:sku', 'POST /api/inventory/:sku/adjust']

const config = (demo: boolean) =>
  checkConfig({
    sides: { monolith: 'http://127.0.0.1:3000', inventory: 'http://127.0.0.1:3001' },
    capabilities: { inventory: { endpoints: ENDPOINTS } },
    demo,
  })

let admin: RunningAdmin
beforeEach(async () => {
  admin = await startAdmin({ config: config(true) })
  onTestFinished(() => admin.stop())
}, 60_000)
afterAll(() => undefined)

const next = (body: object = {}) => admin.command('/api/migrate/next', { capability: 'inventory', ...body })
const back = (body: object = {}) => admin.command('/api/migrate/back', { capability: 'inventory', ...body })
const guide = async () => {
  const { body } = await admin.call('GET', '/api/guide?capability=inventory', { token: TOKENS.viewer })
  return body.capabilities[0]
}
const isRare = async (endpoint?: string) => {
  const { body } = await admin.call('GET', '/api/routes', { token: TOKENS.viewer })
  const routes = body.routes as { endpoint: string; isRare?: true }[]
  return routes.find((route) => route.endpoint === endpoint)?.isRare === true
}
const newest = async () => (await admin.control.journal.history({ limit: 1 }))[0]

/** As the proxies would tell it, of the present step. */
async function see(requests: number, endpoints = ENDPOINTS): Promise<void> {
  const entered = (await newest())?.version ?? 0
  const place = { capability: 'inventory', entered, target: 'monolith' as const, failures: 0 }
  await admin.control.traffic.add({
    proxy: 'here/main',
    counts: endpoints.map((endpoint) => ({ ...place, endpoint, requests })),
    looks: [{ capability: 'inventory', entered, failuresInRow: 0, failuresOfLast300: 0, proxyP99Ms: 0.5 }],
    answers: [],
  })
}

const CONTRACT = ['contract-recorded', 'contract-passed']

describe('the guide', () => {
  it('says where a capability is, and what the next step asks for', async () => {
    expect(await guide()).toMatchObject({
      ...{ stage: 'observe', owner: 'monolith', undo: { kind: 'free' } },
      next: { step: 'choose', command: 'strangler migrate inventory next', gates: [] },
    })
    expect((await next({ profile: 'demo' })).body).toMatchObject({
      position: { step: 'choose' },
      changed: true,
    })
    const { step, next: following } = await guide()
    expect(step).toMatchObject({ step: 'choose', title: 'Choose the pain point' })
    expect(following.gates.map((gate: { id: string; state: string }) => [gate.id, gate.state])).toEqual([
      ['proxy-cost', 'unknown'],
      ['enough-traffic', 'unknown'],
      ['endpoints-seen', 'unknown'],
      ['no-overrides', 'pass'],
    ])
  })

  it('refuses a step while a gate is closed, with numbers and mend, and takes it when it opens', async () => {
    await next({ profile: 'demo' })
    await see(60, [ENDPOINTS[0]!])
    const refused = await next()
    expect(refused).toMatchObject({ status: 409, body: { code: 'STRANGLER_GATE_CLOSED' } })
    expect(refused.body.detail).toContain('60 requests of inventory were seen')
    expect(refused.body.fix).toContain(`strangler guide rare "${ENDPOINTS[1]}"`)
    await see(60)
    expect((await next()).body).toMatchObject({ position: { step: 'observe' }, overridden: [] })
    expect(await newest()).toMatchObject({
      event: { kind: 'stage.entered', step: 'observe', stage: 'observe', profile: 'demo' },
    })
  })

  it('counts an endpoint that somebody has marked as rare as known', async () => {
    await next({ profile: 'demo' })
    await see(200, [ENDPOINTS[0]!])
    expect((await next()).status).toBe(409)
    const rare = { endpoint: 'post /api/inventory/:sku/adjust', because: 'stocktaking only' }
    expect((await admin.command('/api/guide/rare', rare)).body).toMatchObject({ changed: true })
    expect((await admin.command('/api/guide/rare', rare)).body).toMatchObject({ changed: false })
    expect(await isRare(ENDPOINTS[1])).toBe(true)
    const not = { ...rare, rare: false, because: 'asked every day now' }
    expect((await admin.command('/api/guide/rare', not)).body).toMatchObject({ changed: true })
    expect(await isRare(ENDPOINTS[1])).toBe(false)
    await admin.command('/api/guide/rare', rare)
    expect((await next()).status).toBe(200)
  })

  it('lets an operator pass a closed gate with a reason, and keeps both with what the gate said', async () => {
    await reachObserve()
    expect((await next({ override: CONTRACT })).body.detail).toContain('says why')
    expect((await next({ override: [CONTRACT[0]], because: 'tested elsewhere' })).body.code).toBe(
      'STRANGLER_GATE_CLOSED',
    )
    expect((await next({ override: ['no-such-gate'], because: 'x' })).body.fix).toContain('contract-recorded')
    expect((await next({ override: CONTRACT, because: 'tested elsewhere' })).status).toBe(200)
    const entry = await newest()
    expect(entry).toMatchObject({ because: 'tested elsewhere', event: { overridden: CONTRACT } })
    expect(entry?.event).toMatchObject({
      gates: [{ id: CONTRACT[0], state: 'unknown' }, { id: CONTRACT[1] }],
    })
  })

  it('goes back one step or to the start without asking for evidence', async () => {
    await reachObserve()
    await next({ override: CONTRACT, because: 'tested elsewhere' })
    // Nothing is copied, so shadowing comes next, and of four gates three are about a copy.
    expect((await next()).body.position).toEqual({ step: 'shadow' })
    expect((await admin.call('GET', '/api/routes', { token: TOKENS.viewer })).body.routes[0]).toMatchObject({
      setting: { mode: 'shadow' },
      source: 'stage',
    })
    expect((await back({ toStart: true, because: 'Friday' })).body.position).toEqual({ step: 'contract' })
    expect(await newest()).toMatchObject({ because: 'Friday', event: { back: true, gates: [] } })
    expect((await back()).body.position).toEqual({ step: 'observe' })
    expect((await back()).body.position).toEqual({ step: 'choose' })
    expect(await back()).toMatchObject({ status: 409, body: { code: 'STRANGLER_STEP_REFUSED' } })
  })

  it('tells the second of two operators what the first has changed', async () => {
    const expectedVersion = await admin.version()
    const body = { capability: 'inventory', expectedVersion, as: 'anna' }
    expect((await next({ expectedVersion, as: 'ben' })).status).toBe(200)
    const late = await admin.call('POST', '/api/migrate/next', { token: TOKENS.operator, body })
    expect(late).toMatchObject({ status: 409, body: { code: 'STRANGLER_VERSION_CONFLICT' } })
    expect(late.body.details.entries).toMatchObject([
      { by: 'operator:ben', event: { kind: 'stage.entered', step: 'choose' } },
    ])
  })

  it('keeps the short windows of the profile demo to configurations that say so', async () => {
    const real = await startAdmin({ config: config(false) })
    onTestFinished(() => real.stop())
    const asked = { capability: 'inventory', profile: 'demo' }
    expect(await real.command('/api/migrate/next', asked)).toMatchObject({
      status: 409,
      body: { code: 'STRANGLER_STEP_REFUSED' },
    })
    await next()
    expect((await next({ profile: 'demo' })).body.detail).toContain('has begun with the profile default')
  })

  it('moves no ownership and retires nothing by counting wrong', async () => {
    await next()
    expect((await next({ only: 'cutover' })).body.detail).toContain('The next step is observe')
    expect((await admin.command('/api/migrate/retire', { capability: 'inventory' })).status).toBe(409)
    const { body } = await admin.call('POST', '/api/migrate/retire/rehearse', {
      ...{ token: TOKENS.viewer, body: { capability: 'inventory' } },
    })
    expect(body.leftovers).toEqual({ endpoints: ENDPOINTS, tables: [] })
    expect(body.gates.map(({ id }: { id: string }) => id)).toContain('owned-long-enough')
  })
})

async function reachObserve(): Promise<void> {
  await next({ profile: 'demo' })
  await see(200)
  await next()
}

const seeAt = (percent: number) => ({ percent, override: GATES, because: 'blue-green' })
const GATES = ['coverage', 'net-mismatch', 'enough-comparisons', 'latency', 'lag-low', 'quarantine-empty']

it('takes everybody there at once and back at once, and to no share that the profile does not have', async () => {
  await reachObserve()
  await next({ override: CONTRACT, because: 'tested elsewhere' })
  expect((await next({ percent: 100 })).body.detail).toContain('No step leads to 100 %')
  await next()
  expect((await next({ percent: 33, because: 'a third' })).body.fix).toContain('has 10, 25, 50, 100 %')
  expect((await next(seeAt(100))).body.position).toEqual({ step: 'canary', percent: 100 })
  expect((await next({ percent: 25 })).body.detail).toContain('No step leads to 25 %')
  expect((await back({ percent: 100 })).status).toBe(409)
  expect((await back({ percent: 25 })).body.position).toEqual({ step: 'canary', percent: 25 })
  expect((await back({ percent: 0 })).body.position).toEqual({ step: 'shadow' })
})
