import { afterEach, describe, expect, test, vi } from 'vitest'
import type { DialectName } from '../../../strangler/core/sync-words.ts'
import type { SyncOrder } from '../../../strangler/core/words.ts'
import { type CapabilitySync, createCapabilitySync } from '../../../strangler/sync/capability-sync.ts'
import { canDumpMariadb, dumpMariadb } from '../../support/dump-mariadb.ts'
import { requireProgram } from '../../support/optional.ts'
import { createTestDatabase } from '../../support/postgres.ts'
import { readCatalogue } from '../../support/read-catalogue.ts'
import { codesOf, createSide, kitTable, type Side } from '../simulation/side.ts'
import { type Databases, turnTo, withHandOver } from './hand-over.ts'

const mariadbd = await requireProgram('mariadb')
const hasMaria = mariadbd !== undefined && canDumpMariadb
const SLOW_MS = 120_000
const WAIT = { timeout: 60_000, interval: 50 }
const REPORTED = { mode: 'report', because: 'the nightly import is moved next week' } as const

interface Stand {
  readonly monolith: Side
  readonly service: Side
  readonly databases: Databases
  readonly sync: CapabilitySync
}

const releases: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const release of releases.splice(0).toReversed()) await release()
})

async function openStand(pair: {
  readonly source: DialectName
  readonly target: DialectName
}): Promise<Stand> {
  const [monolith, service] = await Promise.all([
    createSide(pair.source, 'turned_monolith'),
    createSide(pair.target, 'turned_service'),
  ])
  const control = await createTestDatabase('turned_control')
  for (const side of [monolith, service]) {
    releases.push(side.drop)
    await side.run('CREATE TABLE stock (id integer PRIMARY KEY, qty integer NOT NULL)')
    await side.run('CREATE TABLE price (id integer PRIMARY KEY, cents integer NOT NULL)')
  }
  await monolith.run('INSERT INTO stock VALUES (1, 10), (2, 20)')
  const databases: Databases = {
    tables: [{ table: 'stock', guard: REPORTED }, { table: 'price' }],
    addresses: {
      monolith: { side: 'monolith', url: monolith.url },
      service: { side: 'stock', url: service.url },
    },
  }
  const sync = createCapabilitySync({
    capability: 'stock',
    installation: async () => 'test',
    ...databases,
    queue: { kind: 'postgres', url: control.url },
    onHeartbeat: () => undefined,
    report: () => undefined,
  })
  releases.push(control.drop, sync.stop)
  return { monolith, service, databases, sync }
}

const describeSide = (side: Side) =>
  side.dialect === 'mariadb' ? dumpMariadb(side.url) : readCatalogue(side.run)
const describeBoth = ({ monolith, service }: Stand) => Promise.all([monolith, service].map(describeSide))
const countStray = async (side: Side) =>
  Number((await side.run(`SELECT count(*) AS n FROM ${kitTable(side.dialect, 'stray_write')}`))[0]?.['n'])

describe.each<{ source: DialectName; target: DialectName }>([
  { source: 'postgres', target: 'postgres' },
  { source: 'mariadb', target: 'mariadb' },
  { source: 'mariadb', target: 'postgres' },
])('from $source to $target', { timeout: SLOW_MS }, (pair) => {
  const needsMaria = pair.source === 'mariadb' || pair.target === 'mariadb'

  test.skipIf(needsMaria && !hasMaria)(
    'uninstalling leaves both databases as they were after the ownership has moved, with stray writes that were let pass',
    async () => {
      const stand = await openStand(pair)
      const { monolith, service, sync } = stand
      const before = await describeBoth(stand)
      await sync.install({ epoch: 1 })
      const order: SyncOrder = { epoch: 1, state: 'running', backfill: true }
      sync.follow(order)
      await vi.waitFor(async () => expect(await service.run('SELECT id FROM stock')).toHaveLength(2), WAIT)
      await service.run('UPDATE stock SET qty = 99 WHERE id = 2')
      expect(await countStray(service)).toBe(1)
      const turned: SyncOrder = { epoch: 2, state: 'running', whole: true, direction: 'reverse' }
      await turnTo(stand, 'service', turned)
      await vi.waitFor(async () => expect(await sync.status(turned)).toMatchObject({ runsHere: true }), WAIT)
      await service.run('INSERT INTO stock VALUES (3, 30)')
      await vi.waitFor(async () => expect(await monolith.run('SELECT id FROM stock')).toHaveLength(3), WAIT)
      // The new sync has put the monolith's guard into `report` too.
      await monolith.run('UPDATE stock SET qty = 98 WHERE id = 1')
      expect(await countStray(monolith)).toBe(1)
      expect(await describeBoth(stand)).not.toEqual(before)
      await sync.uninstall()
      expect(await describeBoth(stand)).toEqual(before)
      const rows = 'SELECT id, qty FROM stock ORDER BY id'
      expect(await service.run(rows)).toEqual([
        { id: '1', qty: '10' },
        { id: '2', qty: '99' },
        { id: '3', qty: '30' },
      ])
    },
  )

  test.skipIf(needsMaria && !hasMaria)(
    'a cut-over that was undone leaves a guard that reports reporting, and so does a rehearsal',
    async () => {
      const stand = await openStand(pair)
      const { service, sync, databases } = stand
      await sync.install({ epoch: 1 })
      const write = (id: number) => service.run(`INSERT INTO stock VALUES (${id}, 1)`)
      await withHandOver(databases, 'service', async (steps) => {
        await steps.measureFence((await steps.readTokens()).target)
        await write(10)
        const soon = Date.now() + 20_000
        await steps.prepare(soon)
        // A cut-over that is refused now has changed nothing that anybody could see.
        await write(13)
        await steps.enter(2)
        await steps.closeTarget(2, soon)
        // Whoever writes now would be in the new owner's log, as if it had been his.
        expect(codesOf(await write(11).catch((error: unknown) => error))).toContain('45000')
        await steps.closeSource(2, soon)
        await steps.enter(3)
        await steps.openSource(3, soon)
        await steps.easeTarget(3, soon)
      })
      await write(12)
      await stand.monolith.run('INSERT INTO price VALUES (1, 1)')
      expect(await countStray(service)).toBe(3)
      const refused = await service.run('INSERT INTO price VALUES (2, 1)').catch((error: unknown) => error)
      expect(codesOf(refused)).toContain('45000')
    },
  )
})
