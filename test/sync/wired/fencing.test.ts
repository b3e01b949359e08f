import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TableShape } from '../../../strangler/core/sync-words.ts'
import { prepareTarget } from '../../../strangler/sync/apply/prepare-target.ts'
import { checkTables } from '../../../strangler/sync/check-tables.ts'
import {
  type DatabasePair,
  openPair,
  type PairAddresses,
  rolesOf,
} from '../../../strangler/sync/database-pair.ts'
import { createHandOver, type HandOver } from '../../../strangler/sync/hand-over.ts'
import { fenceTarget, installSync, uninstallSync } from '../../../strangler/sync/install-sync.ts'
import type { TableRoute } from '../../../strangler/sync/mapping.ts'
import { readStrayWrites } from '../../../strangler/sync/stray-writes.ts'
import { TABLES } from '../../rollout/items.ts'
import { openSideDatabase, type SideDatabase } from '../../rollout/side-database.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 60_000

/** As operators get it; not as an error of the kit's own. */
const OVERTAKEN = {
  code: 'STRANGLER_SYNC_CONFLICT',
  message: expect.stringContaining('has begun meanwhile'),
  fix: expect.stringContaining('strangler sync status'),
}

describe.each(['postgres', 'mariadb'] as const)(
  `the steps of a cut-over on %s${sayMissing('mariadb')}`,
  (kind) => {
    const isMissing = kind === 'mariadb' && mariadbd === undefined
    let monolith: SideDatabase
    let service: SideDatabase
    let pair: DatabasePair
    let handOver: HandOver
    let targets: TableShape[]
    let forward: readonly TableRoute[]
    const soon = () => Date.now() + 5_000

    beforeAll(async () => {
      if (isMissing) return
      monolith = await openSideDatabase(kind, 'monolith')
      service = await openSideDatabase(kind, 'service')
      const addresses: PairAddresses = {
        monolith: { side: 'monolith', url: monolith.url },
        service: { side: 'items', url: service.url },
      }
      pair = await openPair(addresses, () => undefined)
      const { routes } = await checkTables(pair, TABLES, addresses)
      forward = routes.forward
      targets = forward.map(({ target }) => target.table)
      handOver = await createHandOver({
        ...{ capability: 'items', installation: 'test', tables: TABLES, ...rolesOf(pair, 'forward') },
        ...{ routes: routes.forward, back: routes.reverse },
      })
      await handOver.prepare(soon())
    }, SLOW_MS)
    afterAll(async () => {
      await pair?.stop()
      for (const side of [monolith, service]) {
        await side?.close()
        await side?.drop()
      }
    }, SLOW_MS)

    it.skipIf(isMissing)(
      'are taken while their token is the newest, and may be repeated',
      async () => {
        await handOver.enter(10)
        await handOver.closeTarget(10, soon())
        for (let time = 0; time < 2; time += 1) {
          await handOver.closeSource(10, soon())
          await expect(monolith.run('add', 'stray')).rejects.toThrow(/strangler/i)
        }
        await handOver.enter(11)
        await handOver.openSource(11, soon())
        expect(await monolith.run('add', 'taken')).toBe(1)
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'are refused once a later one is known, and leave everything as it is',
      async () => {
        await expect(handOver.closeSource(10, soon())).rejects.toMatchObject(OVERTAKEN)
        await expect(handOver.openTarget(10, soon())).rejects.toMatchObject(OVERTAKEN)
        await expect(handOver.closeTarget(10, soon())).rejects.toMatchObject(OVERTAKEN)
        await expect(handOver.measureFence(10)).rejects.toMatchObject(OVERTAKEN)
        await expect(handOver.alignIdentities(10)).rejects.toMatchObject(OVERTAKEN)
        await expect(handOver.enter(10)).rejects.toMatchObject(OVERTAKEN)
        expect(await monolith.run('add', 'still taken')).toBe(1)
        await expect(service.run('add', 'stray')).rejects.toThrow(/strangler/i)
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'are not undone by an uninstallation that was frozen meanwhile',
      async () => {
        const options = { capability: 'items', tables: TABLES }
        let token = 12
        const isEnded = async () => {
          // The other way round is as well: what stands afterwards are the guards of the service, and capture at the monolith.
          token += 1
          await handOver.enter(token)
          return true
        }
        await expect(uninstallSync(pair, { ...options, isEnded })).rejects.toMatchObject(OVERTAKEN)
        await expect(service.run('add', 'stray')).rejects.toThrow(/strangler/i)
        await expect(uninstallSync(pair, { ...options, isEnded: async () => false })).rejects.toThrow(
          /has moved since/,
        )
        await expect(service.run('add', 'stray')).rejects.toThrow(/strangler/i)
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'are not undone by an installation that was frozen meanwhile, wherever it stood; without its token it closes the new owner',
      async () => {
        const roles = rolesOf(pair, 'forward')
        let token = 20
        const cutOver = async () => {
          token += 4
          // As whoever is refused: an uninstallation, and this installation, have begun since it was opened.
          await handOver.readLots()
          await handOver.enter(token)
          await handOver.closeTarget(token, soon())
          await handOver.closeSource(token, soon())
          await handOver.enter(token + 2)
          await handOver.openTarget(token + 2, soon())
        }
        // It has asked the journal, and is frozen before it heeds the answer.
        const isCurrent = async () => {
          await cutOver()
          return true
        }
        const install = { capability: 'items', tables: TABLES }
        const early = installSync(roles, forward, { ...install, isCurrent })
        await expect(early).rejects.toMatchObject(OVERTAKEN)
        expect(await service.run('add', 'after an installation')).toBe(1)
        // Frozen before it asks, it hears that the other side owns.
        const late = installSync(roles, forward, { ...install, isCurrent: async () => false })
        await expect(late).rejects.toThrow(/has moved since/)
        expect(await service.run('add', 'after a late one')).toBe(1)
        const reporting = [{ ...TABLES[0]!, guard: { mode: 'report' as const } }]
        await expect(
          fenceTarget(roles, forward, { ...install, tables: reporting, isCurrent }),
        ).rejects.toMatchObject(OVERTAKEN)
        expect(await readStrayWrites(pair.service, ['entry'])).toEqual([])

        const unfenced = targets.flatMap((table) => pair.service.dialect.guard(table, 'reject'))
        for (const sql of unfenced) await pair.service.query({ sql, params: [] })
        await expect(service.run('add', 'its own')).rejects.toThrow(/strangler/i)
        await handOver.readLots()
        await handOver.enter(token + 3)
        await handOver.openTarget(token + 3, soon())
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'are nobody else’s: a service that starts anew just after it has become the owner does not close its own tables',
      async () => {
        await handOver.enter(60)
        await handOver.openTarget(60, soon())
        await prepareTarget(pair.service, { capability: 'items', installation: 'test' }, targets)
        expect(await service.run('add', 'its own')).toBe(1)
      },
      SLOW_MS,
    )
  },
)
