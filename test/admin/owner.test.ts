import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningAdmin, startAdmin, TOKENS } from './start-admin.ts'

const worker = 'worker-token-for-tests'
let admin: RunningAdmin

beforeAll(async () => {
  admin = await startAdmin({ tokens: { ...TOKENS, worker } })
})
afterAll(() => admin.stop())

const ask = (query = '', token: string | undefined = worker) =>
  admin.call('GET', `/owner/inventory${query}`, { token })

describe('GET /owner/<capability>', () => {
  it('names the owner, for a worker and for a viewer', async () => {
    const answer = { capability: 'inventory', owner: 'monolith', epoch: 0, hold: null, version: 0 }
    expect((await ask()).body).toMatchObject(answer)
    expect((await ask('', TOKENS.viewer)).body).toMatchObject(answer)
    expect((await ask('', 'no such token at all')).status).toBe(401)
    expect((await admin.call('GET', '/owner/inventory')).status).toBe(401)
  })

  it('knows no capability that the configuration does not have', async () => {
    for (const name of ['inventori', 'constructor']) {
      const { status, body } = await admin.call('GET', `/owner/${name}`, { token: worker })
      expect({ status, code: body.code }).toEqual({ status: 404, code: 'STRANGLER_UNKNOWN_CAPABILITY' })
    }
  })

  it('waits for what is new, and answers within a fraction of a second then', async () => {
    const { body: first } = await ask()
    const began = performance.now()
    const asking = ask(`?waitMs=20000&seen=${first.tag}`)
    await admin.command('/api/holds/start', { capability: 'inventory', forMs: 30_000 })
    const changed = performance.now()
    const { body: held } = await asking
    expect(held).toMatchObject({ owner: 'monolith', hold: { phase: 'holding' } })
    expect(performance.now() - changed).toBeLessThan(2_000)
    expect(performance.now() - began).toBeLessThan(19_000)
    await admin.command('/api/holds/abort', { capability: 'inventory' })
    // What has changed since is told at once.
    expect((await ask(`?waitMs=20000&seen=${held.tag}`)).body.hold).toBeNull()
  })

  it('answers the same when nothing was new for as long as the asker would wait', async () => {
    const { body: first } = await ask()
    const began = performance.now()
    expect((await ask(`?waitMs=300&seen=${first.tag}`)).body).toEqual(first)
    expect(performance.now() - began).toBeGreaterThan(250)
    expect((await ask('?waitMs=26000')).status).toBe(400)
  })

  it('does not count a hold that has run out before its fence', async () => {
    await admin.command('/api/holds/start', { capability: 'inventory', forMs: 1_000 })
    const { body: held } = await ask()
    expect(held.hold).not.toBeNull()
    admin.turnClock(1_001)
    expect((await ask()).body.hold).toBeNull()
    await admin.command('/api/holds/abort', { capability: 'inventory' })
  })

  it('lets the kit stop while somebody waits', async () => {
    const other = await startAdmin({ tokens: { ...TOKENS, worker } })
    const call = () => other.call('GET', '/owner/orders?waitMs=20000&seen=monolith.0', { token: worker })
    const asking = call()
    // It has come in: the next one is answered.
    await other.call('GET', '/owner/orders', { token: worker })
    const began = performance.now()
    await other.stop()
    expect((await asking).status).toBe(200)
    expect(performance.now() - began).toBeLessThan(10_000)
  })
})

describe('the token of a worker', () => {
  it('opens nothing but the questions about owners', async () => {
    expect((await admin.call('GET', '/api/routes', { token: worker })).status).toBe(403)
    const evict = { id: 'x', because: 'y', expectedVersion: 0 }
    expect((await admin.call('POST', '/api/proxies/evict', { token: worker, body: evict })).status).toBe(403)
  })

  it('takes no proxy away', async () => {
    const { id } = await admin.control.registrations.register({ host: 'a', pid: 1 })
    const path = `/owner/inventory/workers/${id}`
    expect((await admin.call('DELETE', path, { token: worker })).body).toEqual({ removed: false })
    const body = { host: 'a', pid: 1, leaseMs: 5_000, acknowledged: [] }
    expect((await admin.call('PUT', path, { token: worker, body })).status).toBe(400)
    expect((await admin.control.registrations.list()).map((row) => row.id)).toContain(id)
  })

  it('is nobody’s where none was set', async () => {
    const plain = await startAdmin()
    for (const token of [worker, 'undefined'])
      expect((await plain.call('GET', '/owner/orders', { token })).status).toBe(401)
    await plain.stop()
  })

  it('cannot make a viewer a worker', async () => {
    const body = { host: 'a', pid: 1, leaseMs: 5_000, acknowledged: [] }
    const path = '/owner/inventory/workers/w'
    expect((await admin.call('PUT', path, { token: TOKENS.viewer, body })).status).toBe(403)
  })
})

describe('whether a worker is alive', () => {
  const MINUTES = 2 * 60_000
  const told = { host: 'there', pid: 7, leaseMs: 5_000, acknowledged: [] }
  const report = (id: string, over: object = {}) =>
    admin.call('PUT', `/owner/inventory/workers/${id}`, { token: worker, body: { ...told, ...over } })
  const evict = (id: string) => admin.command('/api/proxies/evict', { id, because: 'the machine is gone' })

  it('is judged by the clock that dates it: one of the kit that is ahead gives no name away, and evicts nobody', async () => {
    expect((await report('alive')).status).toBe(200)
    admin.turnClock(MINUTES)
    try {
      const refused = { status: 409, body: { code: 'STRANGLER_WORKER_ALIVE' } }
      expect(await report('alive', { host: 'elsewhere' })).toMatchObject(refused)
      expect(await evict('alive')).toMatchObject(refused)
    } finally {
      admin.turnClock(-MINUTES)
    }
    // Twin: what the kit would have done by a clock that is as wrong.
    admin.turnDatabaseClock(MINUTES)
    try {
      expect((await report('alive', { host: 'elsewhere' })).status).toBe(200)
      expect((await evict('alive')).status).toBe(200)
    } finally {
      admin.turnDatabaseClock(-MINUTES)
    }
  })

  it('does not depend on how far the kit’s clock is behind', async () => {
    expect((await report('gone')).status).toBe(200)
    admin.turnClock(-MINUTES)
    admin.turnDatabaseClock(MINUTES)
    try {
      expect((await evict('gone')).status).toBe(200)
    } finally {
      admin.turnClock(MINUTES)
      admin.turnDatabaseClock(-MINUTES)
    }
  })
})
