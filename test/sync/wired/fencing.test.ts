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
import { TABLES } from '../../rollout/items.ts'
import { openSideDatabase, type SideDatabase } from '../../rollout/side-database.ts'
import { requireProgram } from '../../support/optional.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 60_000

describe.each(['postgres', 'mariadb'] as const)(
  'the steps of a cut-over on %s (skipped: mariadbd is not on this machine)',
  (kind) => {
    const isMissing = kind === 'mariadb' && mariadbd === undefined
    let monolith: SideDatabase
    let service: SideDatabase
    let pair: DatabasePair
    let handOver: HandOver
    let targets: TableShape[]
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
      targets = routes.forward.map(({ target }) => target.table)
      handOver = createHandOver({
        ...{ capability: 'items', tables: TABLES, ...rolesOf(pair, 'forward') },
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
        await expect(handOver.closeSource(10, soon())).rejects.toThrow(/has begun/)
        await expect(handOver.openTarget(10, soon())).rejects.toThrow(/has begun/)
        await expect(handOver.closeTarget(10, soon())).rejects.toThrow(/has begun/)
        await expect(handOver.measureFence(10)).rejects.toThrow(/has begun/)
        await expect(handOver.alignIdentities(10)).rejects.toThrow(/has begun/)
        await expect(handOver.enter(10)).rejects.toThrow(/is over/)
        expect(await monolith.run('add', 'still taken')).toBe(1)
        await expect(service.run('add', 'stray')).rejects.toThrow(/strangler/i)
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'are nobody else’s: a service that starts anew just after it has become the owner does not close its own tables',
      async () => {
        await handOver.enter(12)
        await handOver.openTarget(12, soon())
        await prepareTarget(pair.service, 'items', targets)
        expect(await service.run('add', 'its own')).toBe(1)
      },
      SLOW_MS,
    )
  },
)
