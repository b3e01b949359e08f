import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkTables } from '../../../strangler/sync/check-tables.ts'
import { type DatabasePair, openPair, type PairAddresses } from '../../../strangler/sync/database-pair.ts'
import { prepareSource } from '../../../strangler/sync/install-sync.ts'
import type { TableRoute } from '../../../strangler/sync/mapping.ts'
import { createSourceSync } from '../../../strangler/sync/source-sync.ts'
import { TABLES } from '../../rollout/items.ts'
import { openSideDatabase, type SideDatabase } from '../../rollout/side-database.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 60_000
const capability = 'items'

describe.each(['postgres', 'mariadb'] as const)(
  `the uninstallation of a sync whose service applies, on %s${sayMissing('mariadb')}`,
  (kind) => {
    const isMissing = kind === 'mariadb' && mariadbd === undefined
    let sides: SideDatabase[] = []
    let pair: DatabasePair
    let routes: readonly TableRoute[]
    const url = () => sides[0]!.url

    beforeAll(async () => {
      if (isMissing) return
      sides = await Promise.all(
        (['monolith', 'service'] as const).map((side) => openSideDatabase(kind, side)),
      )
      const addresses: PairAddresses = {
        monolith: { side: 'monolith', url: url() },
        service: { side: 'items', url: sides[1]!.url },
      }
      pair = await openPair(addresses, () => undefined)
      routes = (await checkTables(pair, TABLES, addresses)).routes.forward
    }, SLOW_MS)
    afterAll(async () => {
      await pair?.stop()
      for (const side of sides) {
        await side.close()
        await side.drop()
      }
    }, SLOW_MS)

    const install = () => prepareSource(pair.monolith, routes, { capability })
    const triggers = async () => {
      const schema = kind === 'postgres' ? 'current_schema()' : 'DATABASE()'
      const sql = `SELECT trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = ${schema} ORDER BY 1`
      return pair.monolith.query({ sql, params: [] })
    }
    /** As of a kit that has no address of the service's database; what the journal says now is `isEnded`. */
    const uninstall = async (isEnded: () => Promise<boolean>) => {
      const sync = createSourceSync({
        ...{ capability, tables: TABLES, monolith: { side: 'monolith', url: url() }, service: 'items' },
        ...{ full: undefined, installation: async () => 'test', isEnded },
        ...{ onHeartbeat: () => undefined, report: () => undefined },
        queue: { kind: 'postgres', url: url() },
      })
      try {
        await sync.uninstall()
      } finally {
        await sync.stop()
      }
    }

    it.skipIf(isMissing)(
      'takes nothing out where the journal has a sync again, and all of it where it has none',
      async () => {
        await install()
        const before = await triggers()
        expect(before.length).toBeGreaterThan(0)
        await expect(uninstall(async () => false)).rejects.toMatchObject({ code: 'STRANGLER_SYNC_CONFLICT' })
        expect(await triggers()).toEqual(before)
        await uninstall(async () => true)
        expect(await triggers()).toEqual([])
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'takes nothing from whoever installs after it has asked',
      async () => {
        await install()
        const before = await triggers()
        const askedTooEarly = async () => {
          await install()
          return true
        }
        await expect(uninstall(askedTooEarly)).rejects.toThrow(/has begun/)
        expect(await triggers()).toEqual(before)
      },
      SLOW_MS,
    )
  },
)
