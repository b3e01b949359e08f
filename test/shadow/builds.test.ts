import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { makeKitFolder } from '../chaos/kit-stand.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { json, serve } from './serve.ts'
import { startShadowStand, verdictsOf } from './shadow-stand.ts'

afterEach(() => void vi.useRealTimers())

const SOON = { timeout: 60_000, interval: 200 }
vi.setConfig({ testTimeout: 180_000 })

test('a build that only a path tells begins new counters when it changes, and what was learnt of the old one is forgotten', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  let version = '{ "version": "v1" }'
  let noise = 0
  const monolith = await serve((req, res) => json({ at: noise++ })(req, res))
  const service = await serve((req, res) => {
    if (req.url === '/version') return void res.end(version)
    json({ at: noise++ })(req, res)
  })
  const stand = await startShadowStand({
    ...{ monolith: monolith.url, service: service.url, side: { build: { path: '/version' } } },
    random: () => 0.9,
  })
  const ask = async (count: number) => {
    for (let n = 0; n < count; n++) await (await fetch(`${stand.url}/items/${n}`)).arrayBuffer()
    const found = await stand.take()
    const { bases, differences } = found
    const calibrated = differences.reduce((sum, one) => sum + one.calibrated, 0)
    return { builds: bases.map(({ serviceBuild }) => serviceBuild), calibrated, ...verdictsOf(found) }
  }
  // The first answers come before the path has told.
  expect((await ask(1)).builds).toEqual(['unknown'])
  await expect.poll(async () => (await ask(1)).builds, SOON).toEqual(['v1'])
  const asked = () => service.requests.filter(({ url }) => url === '/version').length
  expect(asked()).toBe(1)
  await ask(40)
  // Known to be noisy: the monolith is not asked again for each.
  expect(await ask(10)).toMatchObject({ builds: ['v1'], mismatch: 10, calibrated: 0 })

  version = 'v2'
  expect((await ask(1)).builds).toEqual(['v1'])
  vi.advanceTimersByTime(10_001)
  await ask(1)
  await expect.poll(async () => (await ask(1)).builds, SOON).toEqual(['v2'])
  expect(await ask(10)).toMatchObject({ builds: ['v2'], mismatch: 10, calibrated: 10 })
  expect(asked()).toBe(2)
  // A version path that fails tells nothing new.
  version = ''
  vi.advanceTimersByTime(10_001)
  expect((await ask(2)).builds).toEqual(['v2'])
})

test('a proxy in a process of its own compares, another process reports, and a deploy leaves nothing of the old evidence', async () => {
  const build = { service: 's1' }
  const closing: (() => void)[] = []
  const serveBuild = async (name: () => string, stock: () => number) => {
    const server = createServer((req, res) => {
      res.setHeader('x-build', name())
      json({ stock: stock() })(req, res)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(
      () => server.close(),
      () => server.closeAllConnections(),
    )
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const database = await createTestDatabase('roles')
  const folder = await makeKitFolder({
    sides: {
      monolith: await serveBuild(
        () => 'm1',
        () => 3,
      ),
      inventory: await serveBuild(
        () => build.service,
        () => (build.service === 's1' ? 4 : 3),
      ),
    },
    capabilities: { inventory: { endpoints: [{ endpoint: 'GET /items/:id', mode: 'shadow' }] } },
    control: { url: database.url },
  })
  try {
    const { admin } = await folder.start(['--role', 'admin'])
    const { proxyUrl } = await folder.start(['--role', 'proxy'])
    const ask = async (count: number) => {
      for (let n = 0; n < count; n++)
        expect(await (await fetch(`${proxyUrl}/items/${n}`)).json()).toEqual({ stock: 3 })
    }
    const report = async () => (await admin.compareReport({ capability: 'inventory' })).capabilities[0]
    const mismatches = async () => (await report())?.endpoints[0]?.mismatch ?? 0
    const askAndCount = async () => {
      await ask(1)
      return mismatches()
    }
    await expect.poll(askAndCount, SOON).toBeGreaterThanOrEqual(15)
    // Nothing of the old build is under way any more when this is over. How much was left out before the first answer told its build is in no report of it.
    const isQuiet = async () => {
      const before = await mismatches()
      await delay(3_000)
      return (await mismatches()) === before
    }
    await expect.poll(isQuiet, SOON).toBe(true)
    expect(await report()).toMatchObject({
      basis: { monolithBuild: 'm1', serviceBuild: 's1' },
      differences: [{ path: '$.stock', verdict: 'real' }],
    })
    build.service = 's2'
    const matchesOfNew = async () => {
      await ask(1)
      const { basis, endpoints = [] } = (await report()) ?? {}
      return basis?.serviceBuild === 's2' ? (endpoints[0]?.match ?? 0) : 0
    }
    await expect.poll(matchesOfNew, SOON).toBeGreaterThanOrEqual(4)
    expect(await report()).toMatchObject({
      differences: [],
      endpoints: [{ mismatch: 0, rates: { net: { count: 0 } } }],
    })
  } finally {
    await folder.remove()
    for (const close of closing) close()
    await database.drop()
  }
}, 120_000)
