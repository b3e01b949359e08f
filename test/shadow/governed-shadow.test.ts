import { expect, onTestFinished, test, vi } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import { createShadowMarks } from '../../strangler/core/shadow-mark.ts'
import { createProxyServer } from '../../strangler/proxy/proxy-server.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { createShadowBeside } from '../../strangler/shadow/shadow-beside.ts'
import { stateOf } from '../support/tables.ts'
import { inParallel, mergeEvidence } from './merged-evidence.ts'
import { json, serve } from './serve.ts'

vi.setConfig({ testTimeout: 60_000 })
const SECRET = Buffer.alloc(32, 3)
const REQUESTS = 3_000

/** Asks as fast as one machine can, for which all of a test's sides work too: more than the first rate, whatever the machine. */
async function findOut(giveWay: boolean) {
  const monolith = await serve(json({ stock: 3 }))
  const service = await serve(json({ stock: 3 }))
  const config = checkConfig({
    compare: { giveWay, maxWaiting: 10_000, maxHeldBytes: 1_073_741_824 },
    sides: { monolith: monolith.url, inventory: service.url },
    capabilities: {
      inventory: {
        endpoints: ['busy', 'rare'].map((name) => ({
          endpoint: `GET /${name}/:id`,
          mode: 'shadow' as const,
        })),
      },
    },
  })
  const report = (_operation: string, error: unknown) => expect.fail(String(error))
  const told: Record<string, number> = {}
  const shadow = createShadowBeside({
    ...{ config, secret: SECRET, report, marks: createShadowMarks(SECRET, Date.now) },
    position: { appliedThrough: () => undefined, sourceNow: () => undefined },
    onVerdict(_endpoint, verdict, count) {
      told[verdict] = (told[verdict] ?? 0) + count
    },
  })
  const table = compileTable(config, stateOf([]))
  const proxy = createProxyServer({ config, table, secret: SECRET, capture: shadow.capture, report })
  const { port } = await proxy.listen(0, '127.0.0.1')
  onTestFinished(async () => {
    await proxy.stop({ drainMs: 0 })
    await shadow.stop()
  })
  let rare = 0
  await inParallel(REQUESTS, 16, async (n) => {
    const isRare = n % 500 === 499
    rare += Number(isRare)
    const answer = await fetch(`http://127.0.0.1:${port}/${isRare ? 'rare' : 'busy'}/${n}`)
    expect(await answer.json()).toEqual({ stock: 3 })
  })
  await shadow.settled()
  const evidence = mergeEvidence()
  evidence.add(shadow.book.take()!)
  const of = (name: string) =>
    evidence.report().endpoints.find(({ endpoint }) => endpoint === `GET /${name}/:id`)!
  return { busy: of('busy'), rareOnes: of('rare'), rare, told }
}

test('of more than there are processors for a part is left out by lot and counted beside the coverage, and no rare endpoint with it', async () => {
  const { busy, rareOnes, rare, told } = await findOut(true)
  expect(busy.gaveWay).toBeGreaterThan(100)
  expect(busy.match).toBeGreaterThan(20)
  expect(busy.eligible + busy.gaveWay).toBe(REQUESTS - rare)
  expect(busy.skipped).not.toHaveProperty('gave-way')
  expect(busy.coverage).toMatchObject({ of: busy.eligible })
  expect(rareOnes).toMatchObject({ gaveWay: 0, eligible: rare })
  expect(told['gave-way']).toBe(busy.gaveWay)
})

test('twin: with `compare.giveWay: false` nothing gives way, whoever waits', async () => {
  const { busy, told } = await findOut(false)
  expect(busy.gaveWay).toBe(0)
  expect(told).not.toHaveProperty('gave-way')
})
