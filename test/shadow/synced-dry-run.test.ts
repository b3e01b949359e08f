import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { requireProgram } from '../support/optional.ts'
import { ADJUST, CONFIRM, type DryRunShop, PUT, startDryRunShop } from './dry-run-shop.ts'

const redis = await requireProgram('redis')
const mariadbd = await requireProgram('mariadb')
const SOON = { timeout: 60_000, interval: 200 }
const WRITES = 20

describe.skipIf(redis === undefined).each([
  { dialect: 'postgres' as const, missing: false },
  { dialect: 'mariadb' as const, missing: mariadbd === undefined },
])('writes to a shop on $dialect whose data is synced (needs redis-server)', ({ dialect, missing }) => {
  describe.skipIf(missing)('and that are run dry on the copy', () => {
    let stand: DryRunShop
    beforeAll(async () => {
      stand = await startDryRunShop({ dialect, redis: redis!.path, synced: true })
      await command('install')
      await command('backfill')
      await vi.waitFor(async () => expect((await live())?.backfill?.state).toBe('done'), SOON)
    }, 120_000)
    afterAll(() => stand.stop())

    const command = async (what: 'install' | 'backfill') =>
      stand.admin.changeSync(what, {
        ...{ capability: 'inventory', expectedVersion: (await stand.admin.routes()).version },
      })
    const live = async () =>
      (await stand.admin.syncs()).syncs.find(({ capability }) => capability === 'inventory')?.live
    const judged = async (endpoint: string, count: number) => {
      await expect.poll(async () => (await stand.endpoint(endpoint))?.eligible, SOON).toBe(count)
      return (await stand.endpoint(endpoint))!
    }
    const found = async (endpoint: string) =>
      (await stand.report())?.differences.filter((one) => one.endpoint === endpoint)

    it('that set a value, one after the other at one place, are matches or late: none is a mismatch', async () => {
      for (let onHand = 1; onHand <= WRITES; onHand++)
        await stand.staff.call('PUT', '/api/inventory/SKU-00001', { body: { warehouse: 'BER', onHand } })
      const { match, lag, mismatch, skipped } = await judged(PUT, WRITES)
      console.log(
        `${dialect}: of ${WRITES} writes ${match} matched, ${lag} were late, skipped ${JSON.stringify(skipped)}`,
      )
      expect(mismatch, JSON.stringify(await found(PUT))).toBe(0)
      expect(match + lag).toBeGreaterThan(WRITES / 2)
    })

    it('that count on what is there, each on the one before it, are late or cannot be told: none is a real difference', async () => {
      for (let n = 0; n < WRITES; n++) {
        const body = { warehouse: 'BER', delta: 1, reason: 'found' }
        await stand.staff.post('/api/inventory/SKU-00002/adjust', body, { 'idempotency-key': `found ${n}` })
      }
      const { match, lag, rates, skipped } = await judged(ADJUST, WRITES)
      console.log(
        `${dialect}: of ${WRITES} adjustments ${match} matched, ${lag} were late, skipped ${JSON.stringify(skipped)}`,
      )
      expect(rates.net.count, JSON.stringify(await found(ADJUST))).toBe(0)
    })

    it('that name what the shop has just made find it when it has come, by the same id', async () => {
      const items = [{ sku: 'SKU-00003', quantity: 1 }]
      for (let n = 0; n < 5; n++) {
        const headers = { 'idempotency-key': `later ${n}` }
        const { body } = await stand.staff.post('/api/inventory/reservations', { items }, headers)
        expect((await stand.staff.post(`/api/inventory/reservations/${body.id}/confirm`)).status).toBe(200)
      }
      const { match, lag, mismatch } = await judged(CONFIRM, 5)
      expect(mismatch, JSON.stringify(await found(CONFIRM))).toBe(0)
      expect(match + lag).toBeGreaterThan(0)
    })

    it('have left nothing on the copy but what the shop has done', async () => {
      await vi.waitFor(async () => {
        await stand.admin.verifySync({ capability: 'inventory' })
        const { verify } = (await live()) ?? {}
        expect(verify).toMatchObject({ state: 'done', missing: 0, extra: 0, different: 0 })
        expect(verify?.compared).toBeGreaterThan(WRITES)
      }, SOON)
    })
  })
})
