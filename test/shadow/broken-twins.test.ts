import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { judgeNoise } from '../../strangler/compare/judge-noise.ts'
import { type CopyWatch, NO_COPIES } from '../../strangler/shadow/copy-watch.ts'
import { inParallel, mergeEvidence } from './merged-evidence.ts'
import { json, serve } from './serve.ts'
import { startShadowStand, verdictsOf } from './shadow-stand.ts'

/**
 * What the tests of the comparison promise, and beside each promise the same thing without what keeps it: a test that the twin passes too
 * would show nothing. The twin of the dry runs is in real-dry-run.test.ts, that of the masking in commands.test.ts.
 */

vi.setConfig({ testTimeout: 120_000 })
const SHADOW_MS = 3_000
const slowService = () =>
  serve(async (req, res) => {
    await delay(SHADOW_MS)
    json({ stock: 4 })(req, res)
  })

async function timeOf(url: string): Promise<number> {
  const begun = performance.now()
  const answer = await fetch(`${url}/items/A`)
  expect(await answer.json()).toEqual({ stock: 3 })
  return performance.now() - begun
}

test('a client does not wait for a shadow that is slow', async () => {
  const [monolith, service] = [await serve(json({ stock: 3 })), await slowService()]
  const stand = await startShadowStand({ monolith: monolith.url, service: service.url })
  expect(await timeOf(stand.url)).toBeLessThan(SHADOW_MS)
  expect(verdictsOf(await stand.take())).toEqual({ mismatch: 1 })
})

test('twin: behind a proxy that asks both and then answers, it does', async () => {
  const [monolith, service] = [await serve(json({ stock: 3 })), await slowService()]
  const proxy = createServer(async (req, res) => {
    const [answer] = await Promise.all([monolith, service].map(({ url }) => fetch(url + req.url)))
    json(await answer?.json())(req, res)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void proxy.close())
  const { port } = proxy.address() as AddressInfo
  expect(await timeOf(`http://127.0.0.1:${port}`)).toBeGreaterThanOrEqual(SHADOW_MS - 1)
})

/** A copy that has the shop's number only half a second later. */
async function readLateCopy(watch: (catchUp: () => Promise<void>) => CopyWatch) {
  const stock = { monolith: 3, copy: 2 }
  const catchUp = async () => {
    await delay(500)
    stock.copy = stock.monolith
  }
  const monolith = await serve((req, res) => json({ stock: stock.monolith })(req, res))
  const service = await serve((req, res) => json({ stock: stock.copy })(req, res))
  const stand = await startShadowStand({
    ...{ monolith: monolith.url, service: service.url, copies: watch(catchUp) },
  })
  await timeOf(stand.url)
  return verdictsOf(await stand.take())
}

test('an answer of a copy that is late is no mismatch', async () => {
  const verdicts = await readLateCopy((catchUp) => ({
    isKept: () => true,
    catchUp: async () => catchUp().then(() => 500),
  }))
  expect(verdicts).toEqual({ lag: 1 })
})

test('twin: it is one where nobody waits for the copy', async () => {
  expect(await readLateCopy(() => NO_COPIES)).toEqual({ mismatch: 1 })
})

/** A monolith against itself, whose list comes in any order. */
async function compareWithItself() {
  let state = 7
  const isLucky = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32 < 0.5
  }
  const monolith = await serve((req, res) => {
    json({ at: ['BER', 'LYO'].sort(() => (isLucky() ? 1 : -1)) })(req, res)
  })
  const stand = await startShadowStand({ monolith: monolith.url, service: monolith.url })
  const evidence = mergeEvidence()
  await inParallel(400, 8, async (n) => {
    await (await fetch(`${stand.url}/items/${n}`)).arrayBuffer()
  })
  evidence.add(await stand.take())
  return evidence.report()
}

test('noise of the monolith is no mismatch of the service', async () => {
  const { endpoints, differences } = await compareWithItself()
  expect(endpoints[0]?.rates.raw.count).toBeGreaterThan(100)
  expect(endpoints[0]?.rates.net.count).toBe(0)
  expect(differences.map(({ verdict }) => verdict)).toEqual(['noise'])
})

test('twin: it would be, if the monolith were not asked once more', async () => {
  const { differences } = await compareWithItself()
  const unasked = differences.map(({ calibrated }) => judgeNoise({ differing: calibrated, noisy: 0 }))
  expect(unasked).toEqual(['real'])
})
