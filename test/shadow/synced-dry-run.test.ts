import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { requireProgram } from '../support/optional.ts'
import { ADJUST, CONFIRM, type DryRunShop, GET, PUT, startDryRunShop } from './dry-run-shop.ts'

const redis = await requireProgram('redis')
const mariadbd = await requireProgram('mariadb')
const SOON = { timeout: 60_000, interval: 200 }
vi.setConfig({ testTimeout: 120_000 })
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
    /** For the message of a failure: what the answers were. */
    const samplesOf = async (endpoint: string) => {
      const { samples } = await stand.admin.compareSamples({ endpoint })
      const whole = await Promise.all(samples.map(({ id }) => stand.admin.compareSample(id)))
      return JSON.stringify(whole.map(({ sample }) => sample.answers))
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
      expect(mismatch, await samplesOf(PUT)).toBe(0)
      expect(match + lag).toBeGreaterThan(0)
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

    it('are the service’s after the cut-over: reads are compared with the shop’s copy, and the shop is sent no write', async () => {
      const { version } = await stand.admin.routes()
      await stand.admin.cutOver({ capability: 'inventory', to: 'service', expectedVersion: version })
      const body = { warehouse: 'BER', onHand: 77 }
      expect((await stand.staff.call('PUT', '/api/inventory/SKU-00004', { body })).status).toBe(200)
      const builds = async (sku: string, count: number) => {
        const answers = await Promise.all(
          Array.from({ length: count }, () => stand.staff.get(`/api/inventory/${sku}`)),
        )
        return [...new Set(answers.map(({ headers }) => headers.get('x-build')))]
      }
      expect(await builds('SKU-00004', 5)).toEqual(['inventory-1'])
      const { match, lag, mismatch, skipped } = await judged(GET, 5)
      expect({ mismatch, skipped }, JSON.stringify(await found(GET))).toEqual({ mismatch: 0, skipped: {} })
      expect(match + lag).toBe(5)
      expect(await stand.endpoint(PUT)).toMatchObject({ eligible: WRITES })

      // Past the guards, which MariaDB cannot put aside.
      if (dialect === 'mariadb') return
      const shop = new pg.Client({ connectionString: stand.shop.databaseUrl })
      await shop.connect()
      await shop.query(`ALTER TABLE inventory_stock DISABLE TRIGGER USER;
        UPDATE inventory_stock SET reorder_point = 9999 WHERE sku = 'SKU-00005'`)
      await shop.end()
      expect(await builds('SKU-00005', 3)).toEqual(['inventory-1'])
      expect((await judged(GET, 8)).mismatch, JSON.stringify(await found(GET))).toBe(3)
      const [sample] = (await stand.admin.compareSamples({ endpoint: GET })).samples
      expect(sample).toMatchObject({ primary: 'service' })
    })
  })
})
