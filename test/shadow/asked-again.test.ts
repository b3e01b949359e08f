import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { toComparisonEvidence } from '../../strangler/admin/guide/gather-comparison.ts'
import type { ComparisonBatch } from '../../strangler/core/comparison-store.ts'
import { json, serve } from './serve.ts'
import { startShadowStand } from './shadow-stand.ts'

const EXCHANGES = 20

/** As the gates see it. */
function evidenceOf({ bases, tallies, differences, sets, shapes }: ComparisonBatch, latencyFactor = 1.2) {
  return toComparisonEvidence({
    evidence: {
      basis: { ...bases[0]!, firstSeenAt: new Date().toISOString() },
      ...{ tallies, differences, sets, shapes },
    },
    standing: { accepted: [], now: new Date() },
    ...{ routes: [], limit: 0.001, latencyFactor },
  })
}

/** A monolith that is slow for whoever asks beside the clients, as it looks from a thread that has to wait for its turn. */
async function startStarved(random: () => number) {
  const answer = json({ sku: 'A' })
  const monolith = await serve((req, res) => {
    if (req.headers['x-strangler-shadow'] === undefined) return answer(req, res)
    void delay(60).then(() => answer(req, res))
  })
  const service = await serve((req, res) => void delay(60).then(() => answer(req, res)))
  const stand = await startShadowStand({ monolith: monolith.url, service: service.url, random })
  for (let n = 0; n < EXCHANGES; n++) await (await fetch(`${stand.url}/items/A`)).arrayBuffer()
  return evidenceOf(await stand.take())
}

test('the service is held against the monolith asked in the same way, where that is the slower one', async () => {
  const { monolithP95Ms, monolithAgain, serviceP95Ms, slowAnswers } = await startStarved(() => 0)
  expect(monolithAgain!.answers).toBe(EXCHANGES)
  expect(monolithAgain!.p95Ms).toBeGreaterThan(50)
  expect(serviceP95Ms).toBeGreaterThan(50)
  expect(monolithP95Ms).toBeLessThan(monolithAgain!.p95Ms)
  expect(slowAnswers!.limitMs).toBeGreaterThan(1.2 * 50)
})

test('without a repetition the client’s answers are all there is to hold it against', async () => {
  const { monolithP95Ms, monolithAgain, slowAnswers } = await startStarved(() => 1)
  expect(monolithAgain).toBeUndefined()
  expect(slowAnswers!.of).toBe(EXCHANGES)
  // The highest of so few is the slowest one.
  expect(slowAnswers!.limitMs).toBeGreaterThanOrEqual(1.2 * monolithP95Ms!)
})
