import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { requireProgram } from '../support/optional.ts'
import { askUntil } from './ask-until.ts'
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
    /** For the message of a failure: what the answers were. */
    const samplesOf = async (endpoint: string) => {
      const { samples } = await stand.admin.compareSamples({ endpoint })
      const whole = await Promise.all(samples.map(({ id }) => stand.admin.compareSample(id)))
      return JSON.stringify(whole.map(({ sample }) => sample.answers))
    }
    const found = async (endpoint: string) =>
      (await stand.report())?.differences.filter((one) => one.endpoint === endpoint)

    it('that set a value, one after the other at one place, are matches or late: none is a mismatch', async () => {
      const { eligible, match, lag, mismatch, skipped } = await askUntil(stand, {
        ...{ endpoint: PUT, perRound: WRITES },
        ask: (n) =>
          stand.staff.call('PUT', '/api/inventory/SKU-00001', { body: { warehouse: 'BER', onHand: 1 + n } }),
        isEnough: (counts) => counts.match + counts.lag > 0,
      })
      console.log(
        `${dialect}: of ${eligible} writes ${match} matched, ${lag} were late, skipped ${JSON.stringify(skipped)}`,
      )
      expect(mismatch, await samplesOf(PUT)).toBe(0)
    })

    it('that count on what is there, each on the one before it, are late or cannot be told: none is a real difference', async () => {
      const body = { warehouse: 'BER', delta: 1, reason: 'found' }
      const { eligible, match, lag, rates, skipped } = await askUntil(stand, {
        ...{ endpoint: ADJUST, perRound: WRITES },
        ask: (n) =>
          stand.staff.post('/api/inventory/SKU-00002/adjust', body, { 'idempotency-key': `found ${n}` }),
        isEnough: (counts) => counts.eligible >= WRITES / 2,
      })
      console.log(
        `${dialect}: of ${eligible} adjustments ${match} matched, ${lag} were late, skipped ${JSON.stringify(skipped)}`,
      )
      expect(rates.net.count, JSON.stringify(await found(ADJUST))).toBe(0)
    })

    it('that name what the shop has just made find it when it has come, by the same id', async () => {
      const items = [{ sku: 'SKU-00003', quantity: 1 }]
      const { mismatch } = await askUntil(stand, {
        ...{ endpoint: CONFIRM, perRound: 5 },
        ask: async (n) => {
          const headers = { 'idempotency-key': `later ${n}` }
          const { body } = await stand.staff.post('/api/inventory/reservations', { items }, headers)
          expect((await stand.staff.post(`/api/inventory/reservations/${body.id}/confirm`)).status).toBe(200)
        },
        isEnough: ({ match, lag }) => match + lag > 0,
      })
      expect(mismatch, JSON.stringify(await found(CONFIRM))).toBe(0)
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
      const written = await stand.endpoint(PUT)
      const body = { warehouse: 'BER', onHand: 77 }
      expect((await stand.staff.call('PUT', '/api/inventory/SKU-00004', { body })).status).toBe(200)
      const read = async (sku: string) =>
        expect((await stand.staff.get(`/api/inventory/${sku}`)).headers.get('x-build')).toBe('inventory-1')
      const { mismatch } = await askUntil(stand, {
        ...{ endpoint: GET, perRound: 5 },
        ask: () => read('SKU-00004'),
        isEnough: ({ match, lag }) => match + lag >= 5,
      })
      expect(mismatch, JSON.stringify(await found(GET))).toBe(0)
      // What was read afterwards is counted; this write never was.
      expect(await stand.endpoint(PUT)).toEqual(written)

      // Past the guards, which MariaDB cannot put aside.
      if (dialect === 'mariadb') return
      const shop = new pg.Client({ connectionString: stand.shop.databaseUrl })
      await shop.connect()
      await shop.query(`ALTER TABLE inventory_stock DISABLE TRIGGER USER;
        UPDATE inventory_stock SET reorder_point = 9999 WHERE sku = 'SKU-00005'`)
      await shop.end()
      await askUntil(stand, {
        ...{ endpoint: GET, perRound: 3 },
        ask: () => read('SKU-00005'),
        isEnough: (counts) => counts.mismatch >= 3,
      })
      const [sample] = (await stand.admin.compareSamples({ endpoint: GET })).samples
      expect(sample).toMatchObject({ primary: 'service' })
    })
  })
})
