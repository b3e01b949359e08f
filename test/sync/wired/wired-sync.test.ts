import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readBoth, readSchema, type ShopStand, startShop, TOKEN, writeStock } from './shop-stand.ts'

const SLOW_MS = 120_000
let stand: ShopStand
let before: { monolith: string[]; service: string[] }

beforeAll(async () => {
  // Jobs go through the control database.
  vi.stubEnv('STRANGLER_NO_REDIS', '1')
  vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
  vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-the-sync')
  stand = await startShop()
  before = await schemas()
}, SLOW_MS)
afterAll(() => stand.stop())

const schemas = async () => ({
  monolith: await readSchema(stand.monolith),
  service: await readSchema(stand.service),
})

/** Why a canary's read goes where it goes. */
async function reasonOfRead(): Promise<string | null> {
  return (await fetch(`${stand.kit.proxyUrl}/stock`)).headers.get('x-strangler-reason')
}

/** Writers run from before the backfill until after it; in its middle the kit ends and starts again. */
async function fillWhileWriting(): Promise<void> {
  let isOver = false
  const writing = writeStock(stand.monolith, () => isOver)
  try {
    const { entry } = await stand.command('backfill')
    expect(entry?.event).toEqual({ kind: 'sync.started', capability: 'stock', epoch: 2, backfill: true })
    await stand.statusWhen(({ live }) => (live?.backfill?.rows ?? 0) > 0)
    await stand.restart()
    await stand.statusWhen(({ live }) => live?.backfill?.state === 'done')
  } finally {
    isOver = true
  }
  expect(await writing).toBeGreaterThan(100)
}

describe('a sync that the kit runs', () => {
  it('is not installed at first, and cannot be filled or paused then', async () => {
    const { syncs } = await stand.admin.syncs()
    expect(syncs.map(({ capability, state }) => `${capability} ${state}`)).toEqual([
      'stock not installed',
      'notes not installed',
      'bare not installed',
    ])
    for (const change of ['backfill', 'pause', 'resume'] as const)
      await expect(stand.command(change)).rejects.toMatchObject({ code: 'STRANGLER_SYNC_CONFLICT' })
    await expect(stand.command('install', 'stok')).rejects.toMatchObject({
      code: 'STRANGLER_UNKNOWN_CAPABILITY',
      fix: 'Did you mean "stock"?',
    })
  })

  it('is refused with every reason, and leaves nothing, where a table or key is missing', async () => {
    const refusal = await stand.command('install', 'notes').catch((error: unknown) => error)
    expect(refusal).toMatchObject({
      code: 'STRANGLER_SYNC_REFUSED',
      details: {
        findings: [
          { table: 'no_key', reason: expect.stringContaining('no primary key'), mend: expect.any(String) },
          { table: 'no_key', reason: expect.stringContaining('service') },
          { table: 'nowhere', reason: expect.stringContaining('has no table nowhere') },
          { table: 'nowhere', reason: expect.stringContaining('has no table nowhere') },
        ],
      },
    })
    await expect(stand.command('install', 'bare')).rejects.toThrow(
      'The database of the side bare is not named',
    )
    expect(await schemas()).toEqual(before)
  })

  it(
    'makes the rows the same while they change, also over a restart, and shows how far it is',
    async () => {
      expect(await stand.command('install')).toMatchObject({ changed: true, entry: { event: { epoch: 1 } } })
      expect(await stand.command('install')).toMatchObject({ changed: false })
      await fillWhileWriting()
      const settled = await stand.statusWhen(({ live }) => live?.runsHere === true && live.entries === 0)
      expect(settled).toMatchObject({
        state: 'running',
        epoch: 2,
        live: { lagMs: 0, quarantine: [], backfill: { state: 'done', refused: 0 } },
      })
      const { here, there } = await readBoth(stand)
      expect(there).toEqual(here)
      // The comparison sees one row that differs.
      await stand.monolith.query(`UPDATE stock SET quantity = -1 WHERE id = (SELECT max(id) FROM stock)`)
      expect((await readBoth(stand)).here).not.toEqual(here)
      await stand.statusWhen(({ live }) => live?.entries === 0)
    },
    SLOW_MS,
  )

  it(
    'tells the proxy how old the copy is: reads go there while it is known, and only then',
    async () => {
      const wait = { timeout: SLOW_MS / 2, interval: 100 }
      // The marks of those who have written are kept where all proxies see them, for long enough now to have them all.
      await vi.waitFor(async () => expect(await reasonOfRead()).toBe('SPLIT'), wait)
      await stand.command('pause')
      await vi.waitFor(async () => expect(await reasonOfRead()).toBe('STALE'), wait)
      await stand.command('resume')
      await vi.waitFor(async () => expect(await reasonOfRead()).toBe('SPLIT'), wait)
    },
    SLOW_MS,
  )

  it('rejects a write to the copy by anybody else', async () => {
    await expect(stand.service.query('UPDATE level SET available = 0')).rejects.toMatchObject({
      code: '45000',
    })
  })

  it(
    'carries nothing while it is paused, also after a restart, and everything afterwards',
    async () => {
      await stand.command('pause')
      await stand.restart()
      await stand.monolith.query(`INSERT INTO product VALUES ('late', 'Late', 1)`)
      const paused = await stand.statusWhen(({ live }) => live?.entries === 1)
      expect(paused).toMatchObject({ state: 'paused', live: { runsHere: false } })
      expect((await stand.command('pause')).changed).toBe(false)
      expect((await stand.service.query(`SELECT FROM product WHERE sku = 'late'`)).rowCount).toBe(0)
      await stand.command('resume')
      await stand.statusWhen(({ live }) => live?.runsHere === true && live.entries === 0)
      expect((await stand.service.query(`SELECT FROM product WHERE sku = 'late'`)).rowCount).toBe(1)
    },
    SLOW_MS,
  )

  it(
    'leaves both databases as they were, with the copied rows, when it is taken out; a second time changes nothing',
    async () => {
      expect((await stand.command('uninstall')).changed).toBe(true)
      expect(await schemas()).toEqual(before)
      expect((await stand.command('uninstall')).changed).toBe(false)
      const { here, there } = await readBoth(stand)
      expect(there).toEqual(here)
      // Installed anew its epoch is newer than any before, so that what a queue still holds is too old.
      const { version, entry } = await stand.command('install')
      expect(entry?.event).toMatchObject({ epoch: version })
      await stand.command('uninstall')
      expect(await schemas()).toEqual(before)
    },
    SLOW_MS,
  )
})
