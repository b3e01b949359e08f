import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createSyncApplier } from '../../strangler/service.ts'
import {
  readBoth,
  readSchema,
  type ShopStand,
  startShop,
  TOKEN,
  writeStock,
} from '../sync/wired/shop-stand.ts'

const SLOW_MS = 120_000
const PROGRAM = join(import.meta.dirname, 'programs/applier.ts')
let stand: ShopStand
let ours: string
let before: { monolith: string[]; service: string[] }
let applier: ChildProcess | undefined

beforeAll(async () => {
  vi.stubEnv('STRANGLER_NO_REDIS', '1')
  vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
  vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-the-sync')
  stand = await startShop({}, 'service')
  ours = (await stand.admin.syncs()).installation ?? ''
  before = { monolith: await readSchema(stand.monolith), service: await readSchema(stand.service) }
}, SLOW_MS)
afterAll(async () => {
  await end('SIGKILL')
  await stand.stop()
})

/** It gets the service's database and the queue, and no word of the monolith's. */
async function startApplier(installation = ours): Promise<void> {
  applier = spawn(process.execPath, [PROGRAM, stand.urls.service, stand.urls.control, installation], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(applier.stdout!, 'data')
}
async function end(signal: NodeJS.Signals): Promise<void> {
  const ending = applier
  applier = undefined
  if (ending === undefined || ending.exitCode !== null) return
  const exited = once(ending, 'exit')
  ending.kill(signal)
  await exited
}

describe('a service that applies for itself', () => {
  it('must be heard of before anything is installed', async () => {
    await expect(stand.command('install')).rejects.toMatchObject({
      code: 'STRANGLER_SYNC_REFUSED',
      fix: expect.stringContaining('createSyncApplier'),
    })
    expect(await readSchema(stand.monolith)).toEqual(before.monolith)
  })

  it('guards its tables from its first start', async () => {
    await startApplier()
    await expect(stand.service.query(`INSERT INTO product VALUES ('stray', 'Stray')`)).rejects.toMatchObject({
      code: '45000',
    })
  })

  it(
    'gets every row and change, whatever happens to it and to the kit, while neither knows the other’s database',
    async () => {
      await vi.waitFor(() => stand.command('install'), { timeout: 20_000, interval: 200 })
      let steps = 0
      // Bounded: each step changes dozens of rows, and a slow machine shall catch up in the end.
      const writing = writeStock(stand.monolith, () => ++steps > 200)
      await stand.command('backfill')
      await stand.statusWhen(({ live }) => (live?.backfill?.rows ?? 0) > 0)
      await end('SIGKILL')
      await startApplier()
      expect(await writing).toBeGreaterThan(50)
      await stand.restart()
      await stand.statusWhen(({ live }) => live?.backfill?.state === 'done')
      await end('SIGKILL')
      await startApplier()
      await stand.statusWhen(({ live }) => live?.runsHere === true && live.entries === 0)
      const { here, there } = await readBoth(stand)
      expect(there).toEqual(here)
      await stand.monolith.query(`UPDATE stock SET quantity = -1 WHERE id = (SELECT max(id) FROM stock)`)
      expect((await readBoth(stand)).here).not.toEqual(there)
      await stand.statusWhen(({ live }) => live?.entries === 0)
    },
    SLOW_MS,
  )

  it('leaves the kit unable to compare and explain, and the kit says so', async () => {
    const { live } = await stand.statusWhen(({ live }) => live?.runsHere === true)
    expect(live?.warnings?.join()).toContain('cannot be compared, repaired or explained')
    await expect(stand.admin.verifySync({ capability: 'stock' })).rejects.toMatchObject({
      code: 'STRANGLER_SYNC_CONFLICT',
      fix: expect.stringContaining('sides.stock.database'),
    })
  })

  it('cannot be cut over either, which the doctor and the refusal say before anything is touched', async () => {
    const [doctor] = (await stand.admin.diagnoseSync({ capability: 'stock' })).capabilities
    expect(doctor?.findings).toEqual([
      expect.objectContaining({
        ...{ code: 'DATABASE_UNSEEN', severity: 'warns', side: 'stock' },
        reason: expect.stringContaining('cannot be moved, nor brought back'),
        mend: expect.stringContaining('sides.stock.database'),
      }),
    ])
    await expect(stand.admin.rehearseCutover({ capability: 'stock', to: 'service' })).rejects.toMatchObject({
      code: 'STRANGLER_SYNC_CONFLICT',
      message: expect.stringContaining('cannot move the ownership, nor bring it back'),
      fix: expect.stringContaining('sides.stock.database'),
    })
  })

  it(
    'tells the kit which rows it could not take, and takes them when they fit',
    async () => {
      await stand.service.query('ALTER TABLE level ADD CONSTRAINT no_hoard CHECK (available < 100000)')
      await stand.monolith.query(`UPDATE stock SET quantity = 200000 WHERE id = (SELECT min(id) FROM stock)`)
      // By the applier's newest notice, which is two seconds old at most.
      await stand.statusWhen(
        ({ live }) => live?.quarantine.some(({ error }) => error.includes('no_hoard')) === true,
      )
      await stand.service.query('ALTER TABLE level DROP CONSTRAINT no_hoard')
      await stand.statusWhen(({ live }) => live?.entries === 0 && live.quarantine.length === 0)
      const { here, there } = await readBoth(stand)
      expect(there).toEqual(here)
    },
    SLOW_MS,
  )

  it(
    'that falls silent is missed, and what changes meanwhile waits',
    async () => {
      await end('SIGTERM')
      await stand.monolith.query(`UPDATE stock SET quantity = 77 WHERE id = (SELECT min(id) FROM stock)`)
      await stand.statusWhen(({ live }) => live?.warnings?.join().includes('has not been heard of') === true)
      await stand.statusWhen(({ live }) => live?.entries === 1)
      await startApplier()
      await stand.statusWhen(({ live }) => live?.entries === 0)
    },
    SLOW_MS,
  )

  it('is taken out again by both, each in its own database', async () => {
    await stand.command('uninstall')
    expect(await readSchema(stand.monolith)).toEqual(before.monolith)
    await end('SIGTERM')
    const last = createSyncApplier({
      capability: 'stock',
      installation: ours,
      database: stand.urls.service,
      tables: ['product', 'level', 'price'],
      queue: { kind: 'postgres', url: stand.urls.control },
    })
    await last.uninstall()
    await last.uninstall()
    await last.stop()
    expect(await readSchema(stand.service)).toEqual(before.service)
    await stand.service.query(`INSERT INTO product VALUES ('own', 'Own')`)
  })
})

describe('an applier that cannot begin', () => {
  const options = (over: object) => ({
    capability: 'stock',
    installation: ours,
    database: stand.urls.service,
    tables: ['product'],
    queue: { kind: 'postgres' as const, url: stand.urls.control },
    ...over,
  })

  it.each([
    ['a table is missing', () => ({ tables: ['product', 'nowhere'] }), /no table nowhere/],
    ['a table has no key', () => ({ tables: ['no_key'] }), /key of no_key cannot be used/],
    ['the database is away', () => ({ database: 'postgres://127.0.0.1:1/none' }), /cannot be opened/],
  ])('says why, and leaves nothing behind: %s', async (_what, over, said) => {
    const applier = createSyncApplier(options(over()))
    await expect(applier.start()).rejects.toThrow(said)
    await applier.stop()
    expect(await readSchema(stand.service)).toEqual(before.service)
  })
})
