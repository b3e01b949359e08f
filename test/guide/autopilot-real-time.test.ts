import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type AdminClient, createAdminClient } from '../../strangler/admin/admin-client.ts'
import { loadTokens } from '../../strangler/admin/tokens.ts'
import { checkConfig } from '../../strangler/config/define-config.ts'
import type * as GateProfiles from '../../strangler/guide/gate-profile.ts'
import { startKit } from '../../strangler/kit.ts'
import { MOST_WIDENING, startYardstick } from '../rollout/yardstick.ts'
import { createTestDatabase } from '../support/postgres.ts'

const CAPABILITY = 'inventory'
const LONGEST_MS = 120_000
/**
 * Twelve answers that differ make a certainty. Of a build that fails in two of a hundred that takes 600 comparisons: 6 s of these shoppers, and
 * 12 s on a machine so busy that the governor is down at its least rate. Two intervals are 30 s.
 */
const FLOWN = vi.hoisted(() => ({ canaryIntervalMs: 15_000, canarySteps: [10, 50, 100] }))
const INTERVAL_MS = FLOWN.canaryIntervalMs
/** More than three times whatever the monolith takes on a busy machine, and less than a shadow is waited for. */
const SLOW_MS = 400

vi.mock('../../strangler/guide/gate-profile.ts', async (importOriginal) => {
  const { profileOf, ...real } = await importOriginal<typeof GateProfiles>()
  const flown: typeof profileOf = (...asked) => ({ ...profileOf(...asked), ...FLOWN })
  return { ...real, profileOf: flown }
})

type Build = 'good' | 'slow' | 'failing' | 'wrong'

async function serve(isService: boolean) {
  const now = { build: 'good' as Build, answered: 0, number: 1 }
  const server = createServer(async (req, res) => {
    now.answered += 1
    if (now.build === 'slow') await delay(SLOW_MS)
    res.setHeader('x-build', isService ? `service-${now.number}` : 'monolith-1')
    res.setHeader('content-type', 'application/json')
    if (now.build === 'failing' && now.answered % 50 === 0) res.statusCode = 500
    const stock = now.build === 'wrong' ? 'onHand' : 'quantity'
    res.end(JSON.stringify({ sku: req.url, [stock]: 7 }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.closeAllConnections())
  onTestFinished(() => void server.close())
  return { now, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** Shoppers that never stop, until the test says so. */
function shop(proxyUrl: string) {
  const traffic = { stopped: false, isQuiet: false }
  const one = async (user: number) => {
    for (let turn = 0; !traffic.stopped; turn += 1) {
      await delay(60)
      if (traffic.isQuiet) continue
      const headers = { 'x-user': `u${user}-${turn % 40}` }
      await fetch(`${proxyUrl}/api/inventory/A-${turn % 9}`, { headers }).then(
        (answer) => answer.arrayBuffer(),
        () => undefined,
      )
    }
  }
  const all = Promise.all(Array.from({ length: 8 }, (_, user) => one(user)))
  onTestFinished(async () => {
    traffic.stopped = true
    await all
  })
  return traffic
}

const look = async (client: AdminClient) => (await client.guide({ capability: CAPABILITY })).capabilities[0]!

async function until(client: AdminClient, isSo: (at: Awaited<ReturnType<typeof look>>) => boolean) {
  for (const deadline = Date.now() + LONGEST_MS; ; await delay(200)) {
    const at = await look(client)
    if (isSo(at)) return at
    if (Date.now() > deadline) throw new Error(`It stays there: ${JSON.stringify(at, undefined, 1)}`)
  }
}

test('a good build reaches everybody unattended, silence holds, and a bad build is taken back with its evidence', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'strangler-autopilot-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const [monolith, service, control] = await Promise.all([
    serve(false),
    serve(true),
    createTestDatabase('fly'),
  ])
  const config = checkConfig({
    sides: { monolith: monolith.url, inventory: service.url },
    capabilities: {
      inventory: { endpoints: ['GET /api/inventory/:sku'], unit: { header: 'x-user' } },
    },
    control: { url: control.url },
    proxy: { accessLog: false },
    ...{ directory, demo: true },
  })
  const kit = await startKit(config, { proxyPort: 0, adminPort: 0, logFile: join(directory, 'log') })
  onTestFinished(async () => {
    await kit.stop()
    await control.drop()
  })
  const { operator } = await loadTokens(directory, process.env)
  const client = createAdminClient({ url: kit.adminUrl!, token: operator, timeoutMs: 60_000 })
  const traffic = shop(kit.proxyUrl!)
  const versioned = async () => ({ capability: CAPABILITY, expectedVersion: (await client.routes()).version })
  const fly = async () => client.autopilot({ ...(await versioned()) })

  await client.migrateNext({ ...(await versioned()), profile: 'demo' })
  await until(client, ({ next }) => next!.gates.every(({ state }) => state === 'pass'))
  await client.migrateNext(await versioned())
  const override = ['contract-recorded', 'contract-passed']
  await client.migrateNext({ ...(await versioned()), override, because: 'both are a few lines' })
  await fly()

  // Nobody comes: it neither goes on nor back.
  await until(client, ({ step }) => step?.step === 'canary')
  traffic.isQuiet = true
  await until(client, ({ step, autopilot }) => step!.forMs > 2 * INTERVAL_MS && autopilot!.does === 'hold')
  const silent = await look(client)
  expect(silent.step).toMatchObject({ step: 'canary' })
  traffic.isQuiet = false
  await until(client, ({ step, autopilot }) => step?.percent === 100 && autopilot?.does === 'call')

  for (const build of ['wrong', 'failing', 'slow'] as const) {
    service.now.build = build
    service.now.number += 1
    const since = Date.now()
    const yardstick = startYardstick()
    await until(client, ({ step }) => step?.step === 'shadow')
    const tookMs = Date.now() - since
    // A machine that is twice as slow has half as many answers to judge by.
    const slowness = Math.min(MOST_WIDENING, yardstick.stop())
    expect(tookMs, build).toBeLessThan(2 * INTERVAL_MS * slowness)
    const { entries } = await client.history({ limit: 2 })
    expect(entries[0]).toMatchObject({ event: { kind: 'autopilot.stopped' } })
    const { event, because, by } = entries[1]!
    expect(by).toBe('operator:autopilot')
    expect(because, build).toMatch(/differ|fail|slower|p95/)
    if (event.kind !== 'stage.entered') throw new Error(event.kind)
    expect(event.gates.map(({ state }) => state)).toContain('fail')
    console.log(`${build}: back after ${tookMs} ms (${slowness.toFixed(2)} times slower), because ${because}`)
    if (build === 'slow') break
    service.now.build = 'good'
    service.now.number += 1
    await fly()
    await until(client, ({ step }) => step?.step === 'canary')
  }
}, 600_000)
