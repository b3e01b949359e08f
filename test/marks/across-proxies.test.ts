import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LocalPosition, MarkStore } from '../../strangler/core/data-position.ts'
import { createRedisMarks } from '../../strangler/sync/redis-marks.ts'
import { requireProgram } from '../support/optional.ts'
import { type MarksStand, startMarksStand, until } from './marks-stand.ts'
import { createShopper, createShoppers } from './shoppers.ts'
import { whileHeld } from './synced-shop.ts'
import { startTestRedis, type TestRedis } from './test-redis.ts'

const SLOW_MS = 120_000
/** `maxStalenessMs` and five seconds: so long a mark may be needed. */
const LONGEST_KEEP_MS = 10_000
const program = await requireProgram('redis')

describe.skipIf(program === undefined)('a write through one proxy and a read through another', () => {
  let stand: MarksStand
  let redis: TestRedis
  const stores: { stop(): Promise<void> }[] = []

  beforeAll(async () => {
    ;[stand, redis] = await Promise.all([startMarksStand(), startTestRedis(program?.path ?? '')])
    openStore()
  }, SLOW_MS)
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.stop()))
    await stand.stop()
    await redis.stop()
  })

  function openStore(): MarkStore {
    const store = createRedisMarks(redis.url, { longestKeepMs: LONGEST_KEEP_MS, report: () => undefined })
    stores.push(store)
    return store
  }
  /** How a client that has written nothing is answered: by the copy, as soon as the store is old enough. */
  const untilSplit = (url: string) =>
    until(async () => (await createShopper(400, { 'x-user': 'nobody' }).read(url)).reason === 'SPLIT')

  /** @returns what was older than what the client had written, and how often the copy answered */
  async function shop(writeUrl: string, readUrl: string) {
    const stale: string[] = []
    let fromCopy = 0
    const runs = () =>
      createShoppers(18).map(async (shopper, at) => {
        for (let round = 1; round <= 3; round += 1) {
          const quantity = at * 1_000_000 + Math.floor(Math.random() * 1_000_000)
          await shopper.write(writeUrl, quantity)
          const answer = await shopper.read(readUrl)
          if (answer.quantity !== quantity) stale.push(`${at}: ${answer.reason}`)
          if (answer.side === 'stock') fromCopy += 1
        }
      })
    await until(() => (stand.keeper.lagMs('stock') ?? Number.POSITIVE_INFINITY) < 700)
    await whileHeld(stand.shop, () => Promise.all(runs()))
    return { stale, fromCopy }
  }

  test(
    'gives every client what it wrote, though neither host’s clock is right',
    async () => {
      const writeUrl = await stand.openProxy({ store: openStore(), skewMs: -30_000 })
      const readUrl = await stand.openProxy({ store: openStore(), skewMs: 20_000 })
      await untilSplit(readUrl)
      expect((await shop(writeUrl, readUrl)).stale).toEqual([])
      await untilSplit(readUrl)
      const shopper = createShopper(2, { 'x-user': 'patient' })
      await shopper.write(writeUrl, 5)
      await until(async () => (await shopper.read(readUrl)).side === 'stock')
    },
    SLOW_MS,
  )

  test(
    'gives old quantities where the reading proxy asks no store, or the writing one takes its own slow clock for W’s',
    async () => {
      const writeUrl = await stand.openProxy({ store: openStore() })
      const forgetful = await stand.openProxy()
      // A proxy whose store is not in reach yet would announce its writes, and everybody would be held.
      await untilSplit(writeUrl)
      await untilSplit(forgetful)
      expect((await shop(writeUrl, forgetful)).stale.length).toBeGreaterThan(0)

      const behind = (capability: string) => {
        const source = stand.keeper.sourceNow(capability)
        return source && { ...source, ms: source.ms - 30_000 }
      }
      const slow: LocalPosition = { ...stand.keeper, sourceNow: behind }
      const slowUrl = await stand.openProxy({ store: openStore(), position: slow })
      const readUrl = await stand.openProxy({ store: openStore() })
      await untilSplit(slowUrl)
      await untilSplit(readUrl)
      expect((await shop(slowUrl, readUrl)).stale.length).toBeGreaterThan(0)
    },
    SLOW_MS,
  )

  test(
    'stays with the owner while Redis is dead, without waiting for it, and longer, for what it has forgotten',
    async () => {
      const writeUrl = await stand.openProxy({ store: openStore() })
      const readUrl = await stand.openProxy({ store: openStore() })
      await untilSplit(readUrl)
      await redis.kill()
      const nobody = createShopper(400, { 'x-user': 'nobody' })
      await until(async () => (await nobody.read(readUrl)).reason === 'READ_YOUR_WRITES')
      const { stale, fromCopy } = await shop(writeUrl, readUrl)
      expect(stale).toEqual([])
      // Those with cookies carry their marks themselves.
      expect(fromCopy).toBeLessThan(18 * 3)
      const took: number[] = []
      for (let at = 0; at < 100; at += 1) {
        const began = performance.now()
        await nobody.read(readUrl)
        took.push(performance.now() - began)
      }
      // What a busy machine delays are some of them; whoever waits for Redis waits each time.
      expect(took.sort((a, b) => a - b)[50]).toBeLessThan(50)
      await redis.start()
      expect((await nobody.read(readUrl)).reason).toBe('READ_YOUR_WRITES')
      await untilSplit(readUrl)
    },
    SLOW_MS,
  )

  test(
    'leaves the cookie between browser and proxies: no side sees it, and a forged one does nothing',
    async () => {
      const url = await stand.openProxy({ store: openStore() })
      await untilSplit(url)
      const browser = createShopper(3, { 'sec-fetch-mode': 'cors' })
      browser.cookies.set('basket', 'full')
      await whileHeld(stand.shop, async () => {
        await browser.write(url, 88)
        expect([...browser.cookies.keys()]).toEqual(['basket', 'strangler_unit', 'strangler_wrote_stock'])
        const kept = await browser.read(url)
        expect(kept).toMatchObject({ quantity: 88, side: 'monolith' })
        expect(kept.cookie).toMatch(/^basket=full; strangler_unit=[\w-]+$/)
      })
      await until(async () => (await browser.read(url)).side === 'stock')
      const other = createShopper(3, { 'sec-fetch-mode': 'cors' })
      other.cookies.set('strangler_wrote_stock', `held.${Date.now().toString(36)}.${'A'.repeat(22)}`)
      const forged = await other.read(url)
      expect(forged).toMatchObject({ side: 'stock', cookie: null })
    },
    SLOW_MS,
  )
})
