import { afterEach, expect, test, vi } from 'vitest'
import { createCapabilitySync } from '../../../strangler/sync/capability-sync.ts'
import { requireProgram } from '../../support/optional.ts'
import { createTestDatabase } from '../../support/postgres.ts'
import { createSide } from '../simulation/side.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 120_000
const WAIT = { timeout: 60_000, interval: 100 }
const COURSE = { epoch: 1 }
const ORDER = { epoch: 1, state: 'running', backfill: true } as const

const releases: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const release of releases.splice(0).toReversed()) await release()
}, SLOW_MS)

async function openStand(source: 'postgres' | 'mariadb') {
  const [monolith, service] = await Promise.all([
    createSide(source, 'shared_monolith'),
    createSide('postgres', 'shared_service'),
  ])
  const queue = await createTestDatabase('shared_queue')
  for (const side of [monolith, service]) {
    releases.push(side.drop)
    await side.run('CREATE TABLE stock (id integer PRIMARY KEY, qty integer NOT NULL)')
  }
  releases.push(queue.drop)
  await monolith.run('INSERT INTO stock VALUES (1, 10), (2, 20)')
  /** The same configuration by another installation, on the same queue server. */
  const install = (installation: string) => {
    const sync = createCapabilitySync({
      capability: 'stock',
      installation: async () => installation,
      tables: [{ table: 'stock' }],
      addresses: {
        monolith: { side: 'monolith', url: monolith.url },
        service: { side: 'stock', url: service.url },
      },
      queue: { kind: 'postgres', url: queue.url },
      onHeartbeat: () => undefined,
      report: () => undefined,
    })
    releases.push(sync.stop)
    return sync
  }
  const copied = async () =>
    (await service.run('SELECT qty FROM stock ORDER BY id')).map(({ qty }) => Number(qty))
  return { monolith, service, copied, ours: install('production'), theirs: install('staging') }
}

const SOURCES = mariadbd === undefined ? (['postgres'] as const) : (['postgres', 'mariadb'] as const)

test.each(SOURCES)(
  'databases that one installation syncs (from %s) are refused to another, which changes nothing there',
  async (source) => {
    const { monolith, copied, ours, theirs } = await openStand(source)
    await ours.install(COURSE)
    ours.follow(ORDER)
    await vi.waitFor(async () => expect(await copied()).toEqual([10, 20]), WAIT)
    const refused = {
      code: 'STRANGLER_SYNC_FOREIGN',
      message: expect.stringMatching(/stock belongs to the installation production.*staging/),
      fix: expect.stringContaining('strangler sync install stock --take-over'),
    }
    await expect(theirs.install(COURSE)).rejects.toMatchObject(refused)
    await expect(theirs.uninstall()).rejects.toMatchObject(refused)
    await expect(theirs.handOver('service')).rejects.toMatchObject(refused)
    // As its journal would have it: it says why it does not run, and does not.
    theirs.follow({ ...ORDER, epoch: 40 })
    await vi.waitFor(async () => {
      expect((await theirs.status({ epoch: 40 })).failure).toContain('belongs to the installation production')
    }, WAIT)
    await monolith.run('UPDATE stock SET qty = 11 WHERE id = 1')
    await vi.waitFor(async () => expect(await copied()).toEqual([11, 20]), WAIT)
  },
  SLOW_MS,
)

test(
  'databases can be taken over on purpose, or given up by who has them: then they are the other’s',
  async () => {
    const { monolith, copied, ours, theirs } = await openStand('postgres')
    await ours.install(COURSE)
    ours.follow(ORDER)
    await vi.waitFor(async () => expect(await copied()).toEqual([10, 20]), WAIT)
    await theirs.install({ epoch: 40 }, { takeOver: true })
    // Though nobody has told its journal.
    await vi.waitFor(async () => {
      const { running } = await ours.status(COURSE)
      expect(running?.warnings.join()).toContain('belongs to the installation staging')
      expect(running?.source.state).toBe('stopped')
    }, WAIT)
    ours.follow(undefined)
    theirs.follow({ ...ORDER, epoch: 40 })
    await monolith.run('UPDATE stock SET qty = 12 WHERE id = 1')
    await vi.waitFor(async () => expect(await copied()).toEqual([12, 20]), WAIT)
    await expect(ours.install(COURSE)).rejects.toMatchObject({ code: 'STRANGLER_SYNC_FOREIGN' })
    theirs.follow(undefined)
    await theirs.uninstall()
    await ours.install({ epoch: 50 })
    ours.follow({ ...ORDER, epoch: 50 })
    await monolith.run('UPDATE stock SET qty = 13 WHERE id = 1')
    await vi.waitFor(async () => expect(await copied()).toEqual([13, 20]), WAIT)
  },
  SLOW_MS,
)
