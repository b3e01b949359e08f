import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { requireProgram } from '../support/optional.ts'
import { askUntil } from './ask-until.ts'
import { ADJUST, type DryRunShop, PUT, pretendDryRuns, RESERVE, startDryRunShop } from './dry-run-shop.ts'

const redis = await requireProgram('redis')
const mariadbd = await requireProgram('mariadb')
const SOON = { timeout: 60_000, interval: 200 }
vi.setConfig({ testTimeout: 120_000 })
const SKU = 'SKU-00001'

const put = ({ staff }: DryRunShop, onHand: number, sku = SKU) =>
  staff.call('PUT', `/api/inventory/${sku}`, { body: { warehouse: 'BER', onHand } })
const reserve = ({ staff }: DryRunShop, key: string, sku = SKU) =>
  staff.post('/api/inventory/reservations', { items: [{ sku, quantity: 2 }] }, { 'idempotency-key': key })

/** Whoever is told of changes of the service's stock. */
async function listen({ inventory }: DryRunShop) {
  const stream = await fetch(`${inventory.url}/api/inventory/stream`)
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
  let heard = ''
  const done = (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) heard += part.value
  })().catch(() => undefined)
  return {
    heard: () => heard,
    async stop() {
      await reader.cancel()
      await done
    },
  }
}

describe.skipIf(redis === undefined).each([
  { dialect: 'postgres' as const, missing: false },
  { dialect: 'mariadb' as const, missing: mariadbd === undefined },
])(
  'a write to the shop on $dialect, shadowed by the real kit (needs redis-server)',
  ({ dialect, missing }) => {
    describe.skipIf(missing)('and run dry by the real service', () => {
      let stand: DryRunShop
      beforeAll(async () => {
        stand = await startDryRunShop({ dialect, redis: redis!.path })
      }, 90_000)
      afterAll(() => stand.stop())

      it('is answered by the shop and compared, and the service is as it was: rows, queue, calls and listeners', async () => {
        const before = await stand.dump()
        const listening = await listen(stand)
        const { mismatch } = await askUntil(stand, {
          ...{ endpoint: PUT, perRound: 1 },
          ask: async (n) => {
            const path = `/api/inventory/SKU-${String(10 + n).padStart(5, '0')}`
            const { status, body } = await put(stand, 25, path.slice(-9))
            expect([status, body.onHand - body.reserved]).toEqual([200, body.available])
            // The shop has done it, and the service has answered as if it had.
            expect((await stand.shop.client.get(path)).body.onHand).toBe(body.onHand)
            expect((await stand.inventory.client.get(path)).body.onHand).not.toBe(body.onHand)
          },
          isEnough: (counts) => counts.match + counts.mismatch > 0,
        })
        expect(mismatch).toBe(0)
        expect((await stand.report())?.basis).toMatchObject({ serviceBuild: 'inventory-1' })
        expect(await stand.dump()).toEqual(before)
        expect(stand.calls).toEqual([])
        expect(listening.heard()).not.toContain('"onHand"')
        await listening.stop()
      })

      it('that makes an id is skipped for it, and counted: never a mismatch, and nobody is told of it', async () => {
        const before = await stand.dump()
        const counts = await askUntil(stand, {
          ...{ endpoint: RESERVE, perRound: 3 },
          ask: async (n) => expect((await reserve(stand, `key ${n}`)).status).toBe(201),
          isEnough: ({ skipped }) => (skipped['alias'] ?? 0) >= 3,
        })
        expect(counts).toMatchObject({ match: 0, mismatch: 0 })
        expect(await stand.dump()).toEqual(before)
      })

      it('whose answer is wrong is a real difference, beside noise that is none', async () => {
        // Behind the kit's back, and with no sync to mend it.
        await stand.inventory.app.dataSource.query(
          `UPDATE stock SET reorder_point = 9999 WHERE sku = 'SKU-00002'`,
        )
        const verdict = async (suffix: string) =>
          (await stand.report())?.differences.find(
            ({ endpoint, path }) => endpoint === ADJUST && path.endsWith(suffix),
          )?.verdict
        const body = { warehouse: 'BER', delta: 0, reason: 'look' }
        await askUntil(stand, {
          ...{ endpoint: ADJUST, perRound: 14 },
          ask: (n) =>
            stand.staff.post('/api/inventory/SKU-00002/adjust', body, { 'idempotency-key': `look ${n}` }),
          // The fewest that the verdict wants of a difference that nothing speaks against.
          isEnough: ({ mismatch }) => mismatch >= 12,
        })
        expect(await verdict('.reorderPoint')).toBe('real')
        // Each dry run has a request id of its own, as each request has.
        expect((await verdict('$.requestId')) ?? 'noise').toBe('noise')
      })
    })

    it.skipIf(missing)(
      'changes the service when nothing is rolled back: this is what the dumps would show',
      async () => {
        const stand = await startDryRunShop({ dialect, redis: redis!.path, between: pretendDryRuns })
        try {
          const before = await stand.dump()
          await put(stand, 25)
          await reserve(stand, 'one')
          await expect.poll(async () => (await stand.dump()).rows, SOON).not.toEqual(before.rows)
          await expect.poll(async () => (await stand.dump()).queue, SOON).not.toEqual(before.queue)
        } finally {
          await stand.stop()
        }
      },
      90_000,
    )
  },
)

describe.skipIf(redis === undefined)('a service that cannot run anything dry (needs redis-server)', () => {
  it('is sent no write at all, and each is counted', async () => {
    const stand = await startDryRunShop({
      ...{ dialect: 'postgres', redis: redis!.path, service: { stranglerWorkerToken: undefined } },
    })
    try {
      const before = await stand.dump()
      const counts = await askUntil(stand, {
        ...{ endpoint: PUT, perRound: 1 },
        ask: () => put(stand, 25),
        isEnough: ({ skipped }) => (skipped['no-dry-run'] ?? 0) > 0,
      })
      expect(counts).toMatchObject({ match: 0, mismatch: 0 })
      expect(await stand.dump()).toEqual(before)
    } finally {
      await stand.stop()
    }
  }, 90_000)
})
