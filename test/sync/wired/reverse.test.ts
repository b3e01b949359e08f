import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { checkConfig } from '../../../strangler/config/define-config.ts'
import type { ChangeBatch } from '../../../strangler/core/sync-words.ts'
import type { Side } from '../../../strangler/core/words.ts'
import { diagnose } from '../../../strangler/doctor-part.ts'
import { type ControlDatabase, openControlDatabase } from '../../../strangler/state/control-database.ts'
import { createApplier } from '../../../strangler/sync/apply.ts'
import { checkTables } from '../../../strangler/sync/check-tables.ts'
import { openPair, type PairAddresses } from '../../../strangler/sync/database-pair.ts'
import { handOver } from './hand-over.ts'
import { readBoth, readSchema, type ShopStand, startShop, TABLES, TOKEN } from './shop-stand.ts'

const SLOW_MS = 60_000
let stand: ShopStand
let control: ControlDatabase
let before: unknown

beforeAll(async () => {
  vi.stubEnv('STRANGLER_NO_REDIS', '1')
  vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
  vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-the-sync')
  stand = await startShop()
  control = await openControlDatabase(stand.urls.control, { report: () => undefined })
  before = await schemas()
}, SLOW_MS)
afterAll(async () => {
  await control.stop()
  await stand.stop()
})

const schemas = () => Promise.all([readSchema(stand.monolith), readSchema(stand.service)])
const addresses = (): PairAddresses => ({
  monolith: { side: 'monolith', url: stand.urls.monolith },
  service: { side: 'stock', url: stand.urls.service },
})
const moveTo = (side: Side) => handOver({ addresses: addresses(), tables: TABLES }, control.journal, side)
const isQuiet = () => stand.statusWhen(({ live }) => live?.runsHere === true && live.entries === 0)
const expectSame = async () => {
  const { here, there } = await readBoth(stand)
  expect(there).toEqual(here)
}

/** What the doctor finds without a kit; with a direction, as one would that believed it. */
async function diagnoseAlone(direction?: 'forward') {
  const side = (database: string) => ({ url: 'http://127.0.0.1:1', database })
  const config = checkConfig({
    sides: { monolith: side(stand.urls.monolith), stock: side(stand.urls.service) },
    capabilities: { stock: { endpoints: ['GET /stock'], tables: TABLES } },
  })
  const directionOf = direction === undefined ? {} : { directionOf: () => direction }
  const [found] = await diagnose(
    { config, queue: undefined, report: () => undefined, ...directionOf },
    'stock',
  )
  return found?.findings
}

/** Applies a job to the service's database, as an applier that the queue has kept waiting. */
async function applyLate(batch: ChangeBatch) {
  const pair = await openPair(addresses(), () => undefined)
  try {
    const tables = (await checkTables(pair, TABLES, addresses())).routes.forward.map((route) => route.target)
    const applier = createApplier({
      capability: 'stock',
      installation: batch.installation,
      target: pair.service,
      tables,
      report: () => undefined,
    })
    return await applier.apply(batch)
  } finally {
    await pair.stop()
  }
}

describe('a sync after the service has become the owner', () => {
  it(
    'carries the service’s changes to the monolith by the mapping read backwards',
    async () => {
      await stand.command('install')
      await stand.command('backfill')
      await stand.monolith.query(`INSERT INTO price VALUES ('sku-1', 1999), ('sku-2', 5)`)
      await stand.statusWhen(({ live }) => live?.backfill?.state === 'done' && live.entries === 0)
      await moveTo('service')
      await stand.statusWhen(({ direction, live }) => direction === 'reverse' && live?.runsHere === true)
      await stand.service.query(
        `UPDATE level SET available = available + 5, origin = 'service' WHERE sku = 'sku-7'`,
      )
      await stand.service.query(`DELETE FROM product WHERE sku = 'sku-9'`)
      await stand.service.query(`UPDATE product SET title = 'Renamed' WHERE sku = 'sku-3'`)
      await stand.service.query(`UPDATE price SET amount = 12.34 WHERE sku = 'sku-1'`)
      await stand.service.query(`INSERT INTO product VALUES ('new', 'New')`)
      await stand.service.query(
        `INSERT INTO level (sku, available, changed_at, origin) VALUES ('new', 1, now(), 'service')`,
      )
      await isQuiet()
      const { rows } = await stand.monolith.query(
        `SELECT sku, title, legacy_code FROM product WHERE sku IN ('sku-3', 'new') ORDER BY sku`,
      )
      // A column that the service has not is left as it was.
      expect(rows).toEqual([
        { sku: 'new', title: 'New', legacy_code: null },
        { sku: 'sku-3', title: 'Renamed', legacy_code: 3 },
      ])
      expect((await stand.monolith.query('SELECT * FROM price ORDER BY sku')).rows).toEqual([
        { sku: 'sku-1', cents: 1234 },
        { sku: 'sku-2', cents: 5 },
      ])
      const levels = await stand.service.query('SELECT id, sku, available FROM level ORDER BY id')
      const stock = await stand.monolith.query('SELECT id, sku, quantity AS available FROM stock ORDER BY id')
      expect(stock.rows).toEqual(levels.rows)
    },
    SLOW_MS,
  )

  it('numbers new rows on from where the monolith stood, also past numbers whose rows are gone', async () => {
    const { rows } = await stand.service.query(`SELECT max(id)::int AS id FROM level WHERE sku = 'new'`)
    expect(rows[0].id).toBeGreaterThan(3_000)
  })

  it('fences the monolith’s tables, and no longer the service’s', async () => {
    await expect(stand.monolith.query('UPDATE stock SET quantity = 0')).rejects.toMatchObject({
      code: '45000',
    })
    await expect(stand.monolith.query('TRUNCATE price')).rejects.toMatchObject({ code: '45000' })
  })

  it('is examined in this direction by the doctor, also by one that has no journal', async () => {
    await stand.service.query(`CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER own AFTER INSERT ON level FOR EACH ROW EXECUTE FUNCTION own()`)
    const told = await stand.admin.diagnoseSync({ capability: 'stock' })
    const own = (code: string) => expect.objectContaining({ code, side: 'stock', table: 'level' })
    expect(told.capabilities[0]?.findings).toContainEqual(own('TRIGGER_ON_SOURCE'))
    expect(await diagnoseAlone()).toContainEqual(own('TRIGGER_ON_SOURCE'))
    // Twin: a doctor that takes the monolith for the owner.
    expect(await diagnoseAlone('forward')).toContainEqual(own('TRIGGER_ON_TARGET'))
    await stand.service.query('DROP FUNCTION own CASCADE')
  })

  it('is not advised by the doctor to do what had to be done before the cut-over', async () => {
    const past = ['FOREIGN_KEY_CUT', 'CASCADE_TO_OUTSIDE', 'CASCADE_FROM_OUTSIDE', 'COUPLED_TRANSACTIONS']
    const outside = (table: string) =>
      `CREATE TABLE outside (id int PRIMARY KEY, other text REFERENCES ${table} (sku) ON DELETE CASCADE)`
    await stand.service.query(outside('product'))
    await stand.monolith.query(outside('product'))
    const told = await stand.admin.diagnoseSync({ capability: 'stock' })
    for (const findings of [told.capabilities[0]?.findings, await diagnoseAlone()]) {
      const codes = (findings ?? []).map(({ code }) => code)
      expect(codes).toContain('FOREIGN_KEY_IN')
      expect(codes.filter((code) => past.includes(code))).toEqual([])
    }
    // Twin: a doctor that takes the monolith for the owner.
    const before = (await diagnoseAlone('forward'))?.map(({ code }) => code)
    expect(before).toContain('CASCADE_TO_OUTSIDE')
    await stand.service.query('DROP TABLE outside')
    await stand.monolith.query('DROP TABLE outside')
  })

  it(
    'compares, explains and repairs in this direction, and copies all rows anew when it is told to',
    async () => {
      // As somebody who has got past the fence.
      await stand.monolith.query(
        `BEGIN; SET LOCAL strangler.apply = '1'; UPDATE stock SET quantity = -7 WHERE id = 5; COMMIT`,
      )
      const verify = async () => {
        await stand.admin.verifySync({ capability: 'stock' })
        return (await stand.statusWhen(({ live }) => live?.verify?.state === 'done')).live?.verify
      }
      expect(await verify()).toMatchObject({ missing: 0, extra: 0, different: 1 })
      const explained = await stand.admin.explainSync({ capability: 'stock', table: 'stock', key: '["5"]' })
      expect(explained.source.row).toHaveProperty('quantity')
      expect(await stand.admin.repairSync({ capability: 'stock' })).toMatchObject({ repaired: 1, left: 0 })
      expect(await verify()).toMatchObject({ missing: 0, extra: 0, different: 0 })
      const { entry } = await stand.command('backfill')
      expect(entry?.event).toMatchObject({ direction: 'reverse', backfill: true })
      await stand.statusWhen(({ live }) => live?.backfill?.state === 'done' && live.entries === 0)
      expect(await verify()).toMatchObject({ missing: 0, extra: 0, different: 0 })
    },
    SLOW_MS,
  )

  it(
    'goes on as before after a restart, and turns around again',
    async () => {
      await stand.restart()
      await isQuiet()
      await stand.service.query(`UPDATE level SET origin = 'monolith'`)
      await isQuiet()
      await moveTo('monolith')
      await stand.statusWhen(({ direction, live }) => direction === 'forward' && live?.runsHere === true)
      await stand.monolith.query(`UPDATE stock SET quantity = quantity + 1 WHERE sku = 'sku-7'`)
      await stand.monolith.query(`INSERT INTO stock (sku, quantity) VALUES ('new', 2)`)
      await isQuiet()
      await expectSame()
      await expect(stand.service.query('DELETE FROM level')).rejects.toMatchObject({ code: '45000' })
    },
    SLOW_MS,
  )

  it(
    'lets a late job of an earlier epoch change nothing; without the epoch it would',
    async () => {
      const titleOf = async () =>
        (await stand.service.query(`SELECT title FROM product WHERE sku = 'sku-3'`)).rows[0]?.title
      // The first forward epoch, and a version that the monolith's log has not reached by far.
      const entries = [
        { table: 'product', key: '["sku-3"]', version: '900000000000', row: ['sku-3', 'Late'] },
      ]
      const { syncs, installation = '' } = await stand.admin.syncs()
      const late = { capability: 'stock', installation, direction: 'forward', epoch: 2, entries } as const
      expect(await applyLate(late)).toBeUndefined()
      expect(await titleOf()).toBe('Renamed')
      const epoch = syncs.find(({ capability }) => capability === 'stock')?.epoch ?? 0
      expect(await applyLate({ ...late, epoch })).toMatchObject({ done: [{ key: '["sku-3"]' }] })
      expect(await titleOf()).toBe('Late')
    },
    SLOW_MS,
  )

  it(
    'is not taken out from under the service: the guards stay, and changes go on being carried back',
    async () => {
      await moveTo('service')
      await stand.statusWhen(({ direction, live }) => direction === 'reverse' && live?.runsHere === true)
      const { version } = await stand.admin.routes()
      const uninstall = (more: object) =>
        stand.admin.changeSync('uninstall', { capability: 'stock', expectedVersion: version, ...more })
      const refusal = {
        code: 'STRANGLER_SYNC_CONFLICT',
        message: expect.stringMatching(/service owns stock.*way back is closed/),
        fix: expect.stringMatching(/POST \/api\/cutover.*--unsafe --because/),
      }
      await expect(uninstall({})).rejects.toMatchObject(refusal)
      // Without a reason it is nobody's decision.
      await expect(uninstall({ unsafe: true })).rejects.toMatchObject(refusal)
      expect((await stand.admin.routes()).version).toBe(version)
      await stand.service.query(`UPDATE price SET amount = 77 WHERE sku = 'sku-2'`)
      await isQuiet()
      const { rows } = await stand.monolith.query(`SELECT cents FROM price WHERE sku = 'sku-2'`)
      expect(rows).toEqual([{ cents: 7_700 }])
      await expect(stand.monolith.query('DELETE FROM price')).rejects.toMatchObject({ code: '45000' })
    },
    SLOW_MS,
  )

  it(
    'leaves both databases as they were where somebody takes it out all the same; then a stray write of the monolith passes, and nothing leads back',
    async () => {
      const { version } = await stand.admin.routes()
      const because = 'the monolith’s database is given up'
      const command = { capability: 'stock', expectedVersion: version, unsafe: true, because }
      const { entry } = await stand.admin.changeSync('uninstall', command)
      expect(entry).toMatchObject({ event: { kind: 'sync.ended' }, because })
      expect(await schemas()).toEqual(before)
      await stand.monolith.query(`UPDATE price SET cents = 1 WHERE sku = 'sku-2'`)
      const back = stand.admin.cutOver({ capability: 'stock', to: 'monolith', expectedVersion: version + 1 })
      await expect(back).rejects.toMatchObject({ message: expect.stringContaining('is not installed') })
      // Its databases may not have answered: it is repeated without a word.
      expect((await stand.command('uninstall')).changed).toBe(false)
    },
    SLOW_MS,
  )
})
