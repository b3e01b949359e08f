import { expect, test, vi } from 'vitest'
import { hiddenByNoise, judgeNoise } from '../../strangler/compare/judge-noise.ts'
import { inParallel, mergeEvidence } from './merged-evidence.ts'
import { json, serve } from './serve.ts'
import { startShadowStand } from './shadow-stand.ts'

vi.setConfig({ testTimeout: 60_000 })
const EXCHANGES = 300

/** Live writes move the monolith's stock between two of its answers half of the time; the service is wrong in one exchange of ten. */
async function compare(rules: { neverNoise?: string[] }, isWrong: (n: number) => boolean) {
  let sold = 0
  let asked = 0
  const monolith = await serve((req, res) => {
    asked += 1
    if (asked % 4 === 0) sold += 1
    json({ id: req.url, onHand: 1_000 - sold })(req, res)
  })
  let answers = 0
  const service = await serve((req, res) => {
    answers += 1
    json({ id: req.url, onHand: isWrong(answers) ? 7 : 1_000 - sold })(req, res)
  })
  const stand = await startShadowStand({
    ...{ monolith: monolith.url, service: service.url },
    capability: { compare: rules },
  })
  await inParallel(EXCHANGES, 1, async (n) => {
    await (await fetch(`${stand.url}/items/${n}`)).arrayBuffer()
    await stand.shadow.settled()
  })
  const evidence = mergeEvidence()
  evidence.add(await stand.take())
  expect(stand.failures).toEqual([])
  const { differences, endpoints } = evidence.report()
  return { stock: differences.find(({ path }) => path === '$.onHand'), endpoint: endpoints[0]! }
}

const oneInTen = (n: number) => n % 10 === 0

test('a bug in a number that moves under writes is called noise, and the report says what would still be found', async () => {
  const { stock } = await compare({}, oneInTen)
  expect(stock?.verdict).not.toBe('real')
  if (stock?.verdict === 'noise') expect(stock.foundFrom?.count).toBeGreaterThan(0)
})

test('with `neverNoise` the same bug is found: what the monolith moved itself says nothing, what is left is real', async () => {
  const { stock, endpoint } = await compare({ neverNoise: ['$.onHand'] }, oneInTen)
  expect(stock).toMatchObject({ verdict: 'real', noisy: 0 })
  expect(stock).not.toHaveProperty('foundFrom')
  expect(endpoint.rates.net.count).toBeGreaterThanOrEqual(10)
  expect(endpoint.skipped['behind']).toBeGreaterThan(0)
})

test('what noise hides is as much as it takes to be called real beside it, and not one less', () => {
  for (const counts of [
    { differing: 4, noisy: 2 },
    { differing: 80, noisy: 41 },
    { differing: 600, noisy: 310 },
  ]) {
    const hidden = hiddenByNoise(counts)
    const after = (more: number) => judgeNoise({ ...counts, differing: counts.differing + more })
    expect(after(hidden)).toBe('real')
    expect(after(hidden - 1)).not.toBe('real')
  }
  expect(hiddenByNoise({ differing: 12, noisy: 0 })).toBe(0)
})
