import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LocalPosition } from '../../strangler/core/data-position.ts'
import { type MarksStand, startMarksStand, until } from './marks-stand.ts'
import { createShopper, createShoppers, type ReadAnswer } from './shoppers.ts'
import { whileHeld } from './synced-shop.ts'

const SLOW_MS = 120_000
let stand: MarksStand

beforeAll(async () => {
  stand = await startMarksStand()
}, SLOW_MS)
afterAll(() => stand.stop())

interface Seen {
  readonly stale: string[]
  readonly reasons: Map<string | null, number>
}

/** Shoppers write and read at once, over and over, while the copy stands still for two seconds. */
async function shop(url: string, rounds = 4): Promise<Seen> {
  const stale: string[] = []
  const reasons = new Map<string | null, number>()
  const note = (wrote: number, answer: ReadAnswer) => {
    reasons.set(answer.reason, (reasons.get(answer.reason) ?? 0) + 1)
    if (answer.quantity !== wrote) stale.push(`wrote ${wrote}, read ${answer.quantity} (${answer.reason})`)
  }
  const runs = () =>
    createShoppers(24).map(async (shopper, at) => {
      for (let round = 1; round <= rounds; round += 1) {
        const quantity = at * 1_000 + round + Math.floor(Math.random() * 100) * 100_000
        await shopper.write(url, quantity)
        note(quantity, await shopper.read(url))
        note(quantity, await shopper.read(url))
      }
    })
  // Behind by what an earlier test has left, the copy would be too old for anybody.
  await until(() => (stand.keeper.lagMs('stock') ?? Number.POSITIVE_INFINITY) < 700)
  await whileHeld(stand.shop, () => Promise.all(runs()))
  return { stale, reasons }
}

test(
  'whoever writes reads what he wrote, whatever client he is, while the copy is two seconds behind',
  async () => {
    const url = await stand.openProxy()
    const { stale, reasons } = await shop(url)
    expect(stale).toEqual([])
    expect(reasons.get('READ_YOUR_WRITES')).toBeGreaterThan(0)
  },
  SLOW_MS,
)

test(
  'without the marks the same shoppers read old quantities',
  async () => {
    const released: LocalPosition = {
      ...stand.keeper,
      appliedThroughHere: () => Number.POSITIVE_INFINITY,
      appliedThrough: () => Number.POSITIVE_INFINITY,
    }
    const { stale } = await shop(await stand.openProxy({ position: released }))
    expect(stale.length).toBeGreaterThan(0)
  },
  SLOW_MS,
)

test(
  'a client goes back to the service once what it wrote is there, and so do those that wrote nothing at all',
  async () => {
    const url = await stand.openProxy()
    await until(async () => (await createShopper(1, { 'x-user': 'nobody' }).read(url)).reason === 'SPLIT')
    for (const shopper of createShoppers(3)) {
      await shopper.write(url, 77)
      await until(async () => (await shopper.read(url)).side === 'stock')
      expect((await shopper.read(url)).quantity).toBe(77)
    }
  },
  SLOW_MS,
)

test(
  'a copy of which nothing was heard for two seconds is read by nobody',
  async () => {
    const url = await stand.openProxy()
    const nobody = createShopper(1, { 'x-user': 'nobody' })
    await until(async () => (await nobody.read(url)).reason === 'SPLIT')
    stand.hearing = false
    const began = performance.now()
    await until(async () => (await nobody.read(url)).reason === 'STALE')
    expect(performance.now() - began).toBeLessThan(4_000)
    // A write of which the clock is unknown is noted all the same, for when the heartbeats are back.
    const writer = createShopper(2, { 'x-user': 'writer' })
    await whileHeld(stand.shop, async () => {
      await writer.write(url, 4_711)
      stand.hearing = true
      await until(() => stand.keeper.lagMs('stock') !== undefined)
      expect((await writer.read(url)).quantity).toBe(4_711)
    })
  },
  SLOW_MS,
)
