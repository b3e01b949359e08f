import { expect, test } from 'vitest'
import { startInventory, startShop } from '../sample/sample-shop.ts'
import { inParallel, mergeEvidence, type Report } from './merged-evidence.ts'
import { startShadowStand } from './shadow-stand.ts'

const EXCHANGES = 10_000
const STEP = 250
const SKU = 'GET /api/inventory/:sku'

/** The place of a planted bug among all that differs: what stands above it would be looked at first. */
const rankOf = ({ differences }: Report, key: string) =>
  differences.findIndex(({ kind, path, verdict }) => `${kind} ${path}` === key && verdict === 'real')

test('the two planted bugs are found, ranked first, with nothing false above them', async () => {
  const shop = await startShop({ noise: true })
  const inventory = await startInventory(shop, { plantedBugs: true, build: 'inventory-2' })
  try {
    const stand = await startShadowStand({
      ...{ monolith: shop.url, service: inventory.url },
      capability: {
        endpoints: [{ endpoint: SKU, mode: 'shadow' }],
        // Euros as floats: a team that has seen this noise allows for it, or a bug as small could not be told from it.
        compare: { numbers: [{ path: '$.stockValue', within: 0.005 }] },
      },
    })
    const evidence = mergeEvidence()
    const foundAfter: Record<string, number> = {}
    const bugs = { 'missing $.code': 'the missing field', 'value $.stockValue': 'the rounding bug' }
    for (let done = 0; done < EXCHANGES && Object.keys(foundAfter).length < 2; done += STEP) {
      await inParallel(STEP, 16, async (n) => {
        const sku = n % 50 === 0 ? 'NONE' : `SKU-${String(((done + n) % 30) + 1).padStart(5, '0')}`
        await (await fetch(`${stand.url}/api/inventory/${sku}`)).arrayBuffer()
      })
      evidence.add(await stand.take())
      const report = evidence.report()
      for (const [key, name] of Object.entries(bugs)) {
        if (foundAfter[name] === undefined && rankOf(report, key) >= 0) foundAfter[name] = done + STEP
      }
    }
    const report = evidence.report()
    console.log(
      `planted bugs, found after so many exchanges of their endpoint: ${JSON.stringify(foundAfter)}`,
    )
    expect(Object.keys(foundAfter).sort()).toEqual(['the missing field', 'the rounding bug'])
    const ranks = Object.keys(bugs).map((key) => rankOf(report, key))
    expect(ranks.sort(), JSON.stringify(report.differences.slice(0, 5))).toEqual([0, 1])
    expect(report.differences.filter(({ verdict }) => verdict === 'real')).toHaveLength(2)
    expect(report.differences.filter(({ verdict }) => verdict === 'noise').length).toBeGreaterThan(0)
    expect(report.basis).toMatchObject({ serviceBuild: 'inventory-2' })
    expect(report.endpoints[0]?.rates.net.low).toBeGreaterThan(0)
  } finally {
    await inventory.stop()
    await shop.stop()
  }
}, 600_000)
